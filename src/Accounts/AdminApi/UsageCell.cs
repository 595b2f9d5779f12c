using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.AdminApi;

/// <summary>What was used in a bucket by one group. Members that the report does not group by are null.</summary>
internal sealed record UsageCell
{
    public UsageCell(UsageRow row)
    {
        (Start, Requests, Input, Cached) = (row.Start, row.Requests, row.InputTokens, row.CachedTokens);
        (Output, AudioMs, Images, Amount) = (row.OutputTokens, row.AudioMs, row.Images, row.Amount);
        Endpoint = row.Endpoint;
    }

    /// <summary>Start of the whole bucket.</summary>
    public DateTimeOffset Start { get; }

    public long Requests { get; private init; }

    public long Input { get; private init; }

    public long Cached { get; private init; }

    public long Output { get; private init; }

    public long AudioMs { get; private init; }

    public long Images { get; private init; }

    /// <summary>US dollars.</summary>
    public decimal Amount { get; init; }

    public Guid? ProjectId { get; init; }

    public Guid? KeyId { get; init; }

    public Guid? UserId { get; init; }

    public string? Model { get; init; }

    public string? Endpoint { get; }

    public ServiceClass? Class { get; init; }

    /// <summary>Model and endpoint as costs show them.</summary>
    public string? Item { get; init; }

    /// <summary>Of the report, such as <c>completions</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>What the report groups by.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    public string Object => $"organization.usage.{Kind}.result";

    /// <summary>The sum of two cells of one group.</summary>
    public UsageCell Plus(UsageCell other) => this with
    {
        Requests = Requests + other.Requests,
        Input = Input + other.Input,
        Cached = Cached + other.Cached,
        Output = Output + other.Output,
        AudioMs = AudioMs + other.AudioMs,
        Images = Images + other.Images,
        Amount = Amount + other.Amount,
    };
}
