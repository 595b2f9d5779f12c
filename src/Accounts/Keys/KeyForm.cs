using System.ComponentModel.DataAnnotations;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.UsageLimits;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>Form with everything that a key's page can change at once.</summary>
public sealed class KeySettingsForm : LimitsForm
{
    /// <summary>Null only in a form that the page did not create.</summary>
    public AccessForm? Access { get; set; }

    internal static KeySettingsForm Of(Limits limits, KeyAccess access)
    {
        var form = new KeySettingsForm { Access = AccessForm.Of(access) };
        form.Read(limits);
        return form;
    }
}

/// <summary>Form that makes a key.</summary>
public sealed class NewKeyForm : LimitsForm
{
    /// <summary>Becomes the key's id, so a form submitted twice makes one key.</summary>
    public Guid RequestId { get; set; }

    [Required(ErrorMessage = "Give the key a name.")]
    [StringLength(100, ErrorMessage = "At most 100 characters.")]
    public string Name { get; set; } = "";

    /// <summary>Days until the key expires; null or empty for never.</summary>
    [NumberField("1", "3650", ErrorMessage = "1 to 3,650 days, or never.")]
    public string? ExpiresInDays { get; set; }

    /// <summary>Id of the service account whose key it becomes; empty for the member's own.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>Reads <see cref="ServiceAccount"/>. Returns false when it is no id.</summary>
    internal bool TryReadServiceAccount(out Guid? id)
    {
        id = Guid.TryParse(ServiceAccount, out var read) ? read : null;
        return id is not null || string.IsNullOrEmpty(ServiceAccount);
    }

    /// <summary>Null, which allows everything, when the form lacks this part.</summary>
    public AccessForm? Access { get; set; }
}
