using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Settings of the admin API. Section <c>AdminApi</c>.</summary>
public sealed class AdminApiOptions
{
    public const string Section = "AdminApi";

    /// <summary>Requests that one admin key may make in a minute. Default 600.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerMinute { get; init; } = 600;

    /// <summary>Admin keys that an organization may have at once, not counting revoked and expired ones. Default 50.</summary>
    [Range(1, 10_000)]
    public int MostKeysPerOrganization { get; init; } = 50;

    /// <summary>How often the spend of organizations with alerts is read. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AlertsEvery { get; init; } = TimeSpan.FromMinutes(1);
}

[OptionsValidator]
internal sealed partial class AdminApiOptionsValidator : IValidateOptions<AdminApiOptions>;
