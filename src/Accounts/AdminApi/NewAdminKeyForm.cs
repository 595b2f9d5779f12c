using System.ComponentModel.DataAnnotations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Form that makes an admin key.</summary>
public sealed class NewAdminKeyForm
{
    /// <summary>Becomes the key's id, so a form sent twice makes one key.</summary>
    public Guid RequestId { get; set; }

    [Required(ErrorMessage = "Give the key a name.")]
    [StringLength(100, ErrorMessage = "At most 100 characters.")]
    public string Name { get; set; } = "";

    /// <summary>Days until the key expires; null or empty for never.</summary>
    [NumberField("1", "3650", ErrorMessage = "1 to 3,650 days, or never.")]
    public string? ExpiresInDays { get; set; }
}
