using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.AuditLog;

/// <summary>Settings of the audit log. Section <c>Audit</c>.</summary>
public sealed class AuditLogOptions
{
    public const string Section = "Audit";

    /// <summary>How long entries are kept. Default 0, for ever.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan KeepFor { get; init; } = TimeSpan.Zero;
}

[OptionsValidator]
internal sealed partial class AuditLogOptionsValidator : IValidateOptions<AuditLogOptions>;
