using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Catalogue;

/// <summary>Section <c>Catalogue</c>.</summary>
internal sealed class CatalogueOptions
{
    public const string Section = "Catalogue";

    /// <summary>Folder of the last good copies of aliases and prices, so that a restart works while Accounts or Billing is away. Made when
    /// missing. Default: <c>snapshots</c> in <c>Gateway:DataDirectory</c>.</summary>
    [Required]
    public string Folder { get; init; } = "";
}

[OptionsValidator]
internal sealed partial class CatalogueOptionsValidator : IValidateOptions<CatalogueOptions>;
