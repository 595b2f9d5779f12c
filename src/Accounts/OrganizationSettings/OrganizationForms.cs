using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.OrganizationSettings;

/// <summary>Form with the name of an organization.</summary>
public class OrganizationNameForm
{
    [Required(ErrorMessage = "Give the organization a name.")]
    [StringLength(100, ErrorMessage = "At most 100 characters.")]
    [RegularExpression(@"[^\p{C}]*", ErrorMessage = "No control characters.")]
    public string Name { get; set; } = "";
}

/// <summary>Form that founds an organization.</summary>
public sealed class NewOrganizationForm : OrganizationNameForm
{
    /// <summary>Becomes the organization's id, so a form sent twice founds one.</summary>
    public Guid RequestId { get; set; }
}

/// <summary>Form that gives an organization to another member.</summary>
public sealed class TransferForm
{
    public Guid? Member { get; set; }

    /// <summary>The organization's name, typed as a confirmation.</summary>
    public string? Name { get; set; }
}

/// <summary>Form of a custom role.</summary>
public sealed class RoleForm
{
    [Required(ErrorMessage = "Give the role a name.")]
    [StringLength(50, ErrorMessage = "At most 50 characters.")]
    [RegularExpression(@"[^\p{C}]*", ErrorMessage = "No control characters.")]
    public string Name { get; set; } = "";

    /// <summary>Names of the ticked permissions.</summary>
    public string[]? Permissions { get; set; }

    /// <summary>The ticked permissions, with reading, which every role has. Unknown names give nothing.</summary>
    internal IReadOnlySet<Permission> Read() => Enum.GetValues<Permission>()
        .Where(permission => permission == Permission.ReadOrganization || Permissions?.Contains(permission.ToString()) == true)
        .ToFrozenSet();
}
