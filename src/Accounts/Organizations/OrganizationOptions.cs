using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Organizations;

/// <summary>
/// How many organizations a person may found, and their first limits, of which 0 is none. An operator can change these later. Section <c>Organizations</c>.
/// </summary>
public sealed class OrganizationOptions
{
    public const string Section = "Organizations";

    /// <summary>Default 10,000.</summary>
    [Range(0, RateLimitKind.MostPerMinute)]
    public long RequestsPerMinute { get; init; } = 10_000;

    /// <summary>Prompt tokens plus the output cap. Default 10,000,000.</summary>
    [Range(0, RateLimitKind.MostPerMinute)]
    public long TokensPerMinute { get; init; } = 10_000_000;

    /// <summary>Requests running at the same time. Default 200.</summary>
    [Range(0, RateLimitKind.MostAtOnce)]
    public long Concurrency { get; init; } = 200;

    /// <summary>Organizations that one person may found; joining others is not limited. Default 10.</summary>
    [Range(1, 10_000)]
    public int MostPerPerson { get; init; } = 10;

    internal Limits ToLimits() => new()
    {
        RequestsPerMinute = NotZero(RequestsPerMinute),
        TokensPerMinute = NotZero(TokensPerMinute),
        Concurrency = NotZero(Concurrency),
    };

    private static long? NotZero(long limit) => limit == 0 ? null : limit;
}

[OptionsValidator]
internal sealed partial class OrganizationOptionsValidator : IValidateOptions<OrganizationOptions>;
