using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Gateway.Journal;

/// <summary>All that must be known of an admitted request to bill and settle it, whoever lives
/// to do so. Payload of <see cref="RecordType.Admitted"/>.</summary>
/// <param name="Prices">Of <see cref="PriceVersion"/>.</param>
/// <param name="Bound">Upper bound of the units, which the hold pays.</param>
/// <param name="MoneyNanoUsd">Held in the till.</param>
/// <param name="RateTokens">Held in the token buckets.</param>
internal sealed record AdmittedRequest(
    Guid RequestId, Guid OrganizationId, Guid ProjectId, Guid KeyId, string Model, string Endpoint, bool Streamed, Guid PriceVersion,
    UnitPrices Prices, Units Bound, long Epoch, DateTimeOffset AdmittedAt, long MoneyNanoUsd, long RateTokens)
{
    /// <summary>What <paramref name="units"/> cost, as the till books it: never more than was held.</summary>
    public long CostNanoUsd(Units units) => Math.Min(Prices.CostNanoUsd(units), MoneyNanoUsd);

    /// <summary>Units cut to what the hold pays; equal to <paramref name="units"/> unless a worker ignored its cap.</summary>
    public Units Capped(Units units) => new(
        Math.Min(units.Input, Bound.Input),
        Math.Min(units.Cached, Math.Max(0, Bound.Prompt - Math.Min(units.Input, Bound.Input))),
        Math.Min(units.Output, Bound.Completion),
        Math.Min(units.Reasoning, Math.Max(0, Bound.Completion - Math.Min(units.Output, Bound.Completion))),
        Math.Min(units.AudioMs, Bound.AudioMs),
        Math.Min(units.Images, Bound.Images));

    public void Write(ref RecordWriter writer)
    {
        writer.Guid(RequestId);
        writer.Guid(OrganizationId);
        writer.Guid(ProjectId);
        writer.Guid(KeyId);
        writer.Guid(PriceVersion);
        writer.Text(Model);
        writer.Text(Endpoint);
        writer.Byte(Streamed ? (byte)1 : (byte)0);
        writer.Prices(Prices);
        writer.Units(Bound);
        writer.Count(Epoch);
        writer.Int64(AdmittedAt.ToUnixTimeMilliseconds());
        writer.Count(MoneyNanoUsd);
        writer.Count(RateTokens);
    }

    public static AdmittedRequest Read(ref RecordReader reader)
    {
        var (request, organization, project, key, version) = (reader.Guid(), reader.Guid(), reader.Guid(), reader.Guid(), reader.Guid());
        var (model, endpoint, streamed) = (reader.Text(), reader.Text(), reader.Byte() == 1);
        var (prices, bound, epoch) = (reader.Prices(), reader.Units(), reader.Count());
        var admittedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.Int64());
        return new AdmittedRequest(
            request, organization, project, key, model, endpoint, streamed, version, prices, bound, epoch, admittedAt, reader.Count(),
            reader.Count());
    }

    /// <summary>The one billable row of this request.</summary>
    public UsageEvent ToEvent(RequestEnd end) => new()
    {
        RequestId = RequestId,
        OrganizationId = OrganizationId,
        ProjectId = ProjectId,
        KeyId = KeyId,
        Model = Model,
        Endpoint = Endpoint,
        Streamed = Streamed,
        Attempt = end.Attempt,
        PriceVersion = PriceVersion,
        Epoch = Epoch,
        Units = end.Charged,
        Delivered = end.Delivered,
        Outcome = end.Outcome,
        AdmittedAt = AdmittedAt,
        FinishedAt = end.FinishedAt,
        Source = end.Source,
    };
}

/// <summary>How an admitted request ended. Payload of <see cref="RecordType.Close"/>, after the request's id.</summary>
internal sealed record RequestEnd(
    Outcome Outcome, int Attempt, UsageSource Source, DateTimeOffset FinishedAt, long Delivered, Units Charged)
{
    /// <summary>Tokens that stay in the token buckets: all that was computed, billed or not. A record of an earlier version has what was
    /// charged.</summary>
    public long RateTokens { get; init; } = Charged.Prompt + Charged.Completion;

    public void Write(ref RecordWriter writer)
    {
        writer.Byte((byte)Outcome);
        writer.Byte((byte)Source);
        writer.Count(Attempt);
        writer.Int64(FinishedAt.ToUnixTimeMilliseconds());
        writer.Count(Delivered);
        writer.Units(Charged);
        writer.Count(RateTokens);
    }

    public static RequestEnd Read(ref RecordReader reader)
    {
        var (outcome, source, attempt) = ((Outcome)reader.Byte(), (UsageSource)reader.Byte(), (int)reader.Count());
        var end = new RequestEnd(
            outcome, attempt, source, DateTimeOffset.FromUnixTimeMilliseconds(reader.Int64()), reader.Count(), reader.Units());
        return reader.AtEnd ? end : end with { RateTokens = reader.Count() };
    }
}
