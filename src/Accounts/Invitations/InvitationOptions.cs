using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Invitations;

/// <summary>Settings of invitations. Section <c>Invitations</c>.</summary>
public sealed class InvitationOptions
{
    public const string Section = "Invitations";

    /// <summary>How long a mailed link works. Sending it again starts over. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "90.00:00:00")]
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Invitations that one organization may mail per hour, those sent again included. Default 50.</summary>
    [Range(1, 100_000)]
    public int PerOrganizationPerHour { get; init; } = 50;
}

[OptionsValidator]
internal sealed partial class InvitationOptionsValidator : IValidateOptions<InvitationOptions>;
