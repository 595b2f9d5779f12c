using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Organizations;

/// <summary>Limits that an organization is founded with; an operator can change them afterwards. 0 is no limit. Section
/// <c>Organizations</c>.</summary>
public sealed class OrganizationOptions
{
    public const string Section = "Organizations";

    /// <summary>Default 10,000.</summary>
    [Range(0, 1_000_000_000)]
    public long RequestsPerMinute { get; init; } = 10_000;

    /// <summary>Prompt and output cap together. Default 10,000,000.</summary>
    [Range(0, 1_000_000_000)]
    public long TokensPerMinute { get; init; } = 10_000_000;

    /// <summary>Requests running at the same time. Default 200.</summary>
    [Range(0, 1_000_000)]
    public long Concurrency { get; init; } = 200;

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
