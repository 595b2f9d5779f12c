using System.ComponentModel.DataAnnotations;

namespace Tollgate.Accounts.Admin;

/// <summary>An alias to set or to remove.</summary>
public sealed class AliasForm
{
    [Required(ErrorMessage = "Name the alias.")]
    [RegularExpression(@"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$", ErrorMessage = "Letters, digits and . _ : / - only.")]
    public string Alias { get; set; } = "";

    /// <summary>The model's real name.</summary>
    [RegularExpression(@"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$", ErrorMessage = "Letters, digits and . _ : / - only.")]
    public string? Model { get; set; }
}
