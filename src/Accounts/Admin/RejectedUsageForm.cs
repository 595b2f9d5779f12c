using System.ComponentModel.DataAnnotations;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Admin;

/// <summary>Form that books or dismisses one row of rejected usage.</summary>
public sealed class RejectedUsageForm
{
    public Guid OrganizationId { get; set; }

    public Guid RequestId { get; set; }

    public int Seq { get; set; }

    public RejectedResolution Resolution { get; set; }

    [Required(ErrorMessage = "Give a reason.")]
    [StringLength(500, ErrorMessage = "At most 500 characters.")]
    public string Reason { get; set; } = "";
}
