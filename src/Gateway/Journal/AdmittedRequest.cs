using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;

namespace Tollgate.Gateway.Journal;

/// <summary>All that must be known of an admitted request to bill and settle it, also after its gateway died. Payload of
/// <see cref="RecordType.Admitted"/>.</summary>
/// <param name="Price">Of <see cref="PriceVersion"/>.</param>
/// <param name="Bound">Upper bound of the units, which the hold pays.</param>
/// <param name="MoneyNanoUsd">Held in the till.</param>
/// <param name="RateTokens">Held in the token buckets.</param>
internal sealed record AdmittedRequest(
    Guid RequestId, Guid OrganizationId, Guid ProjectId, Guid KeyId, string Model, string Endpoint, bool Streamed, Guid PriceVersion,
    UsagePrice Price, Units Bound, long Epoch, DateTimeOffset AdmittedAt, long MoneyNanoUsd, long RateTokens)
{
    private const long UnknownTime = -1;

    /// <summary>Decides which share of the price is charged.</summary>
    public ServiceClass ServiceClass { get; init; }

    /// <summary>Version of the model that it is sent to; null in records of before versions were chosen.</summary>
    public string? ModelVersion { get; init; }

    /// <summary>What <paramref name="units"/> cost, as the till books it: never more than was held.</summary>
    public long CostNanoUsd(Units units) => Math.Min(Price.PicoUsd.CostNanoUsd(units, ServiceClass), MoneyNanoUsd);

    /// <summary>What units count in the token buckets. Trained tokens count in none: a job is no traffic of a minute.</summary>
    public long RateTokensOf(Units units) => Endpoint == PublicEndpoint.TrainingRuns.Scope ? 0 : units.Prompt + units.Completion;

    /// <summary>Units cut to what the hold pays; equal to <paramref name="units"/> unless a worker ignored its cap.</summary>
    public Units Capped(Units units) => new(
        Math.Min(units.Input, Bound.Input),
        Math.Min(units.Cached, Math.Max(0, Bound.Prompt - Math.Min(units.Input, Bound.Input))),
        Math.Min(units.Output, Bound.Completion),
        Math.Min(units.Reasoning, Math.Max(0, Bound.Completion - Math.Min(units.Output, Bound.Completion))),
        Math.Min(units.AudioMs, Bound.AudioMs),
        Math.Min(units.Images, Bound.Images),
        Math.Min(units.Pixels, Bound.Pixels),
        Math.Min(units.Steps, Bound.Steps),
        Math.Min(units.Calls, Bound.Calls),
        Math.Min(units.Elements, Bound.Elements));

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
        writer.Prices(Price.PicoUsd);
        writer.Units(Bound);
        writer.Count(Epoch);
        writer.Int64(AdmittedAt.ToUnixTimeMilliseconds());
        writer.Count(MoneyNanoUsd);
        writer.Count(RateTokens);
        writer.Byte(Price.IsOrganizationsOwn ? (byte)1 : (byte)0);
        writer.Int64(Price.EffectiveFrom?.UtcTicks ?? UnknownTime);
        writer.LaterPrices(Price.PicoUsd, Bound);
        writer.Count(Price.PicoUsd.BatchFactor);
        writer.Byte((byte)ServiceClass);
        writer.LatestPrices(Price.PicoUsd, Bound);
        writer.Text(ModelVersion ?? "");
    }

    public static AdmittedRequest Read(ref RecordReader reader)
    {
        var (request, organization, project, key, version) = (reader.Guid(), reader.Guid(), reader.Guid(), reader.Guid(), reader.Guid());
        var (model, endpoint, streamed) = (reader.Text(), reader.Text(), reader.Byte() == 1);
        var (prices, bound, epoch) = (reader.Counts(), reader.Counts(), reader.Count());
        var admittedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.Int64());
        var (money, rateTokens) = (reader.Count(), reader.Count());
        // Records of earlier versions end here.
        var (isOwn, from) = reader.IsAtEnd ? (false, UnknownTime) : (reader.Byte() == 1, reader.Int64());
        reader.LaterPrices(ref prices, ref bound);
        // And those of the version before classes here; the kinds of units that came later stand behind the class.
        var (factor, serviceClass) = reader.IsAtEnd
            ? (UnitPrices.UsualBatchFactor, ServiceClass.Standard) : ((int)reader.Count(), (ServiceClass)reader.Byte());
        reader.LatestPrices(ref prices, ref bound);
        var modelVersion = reader.IsAtEnd ? "" : reader.Text();
        var price = new UsagePrice(
            UnitPrices.Of(prices, factor), from == UnknownTime ? null : new DateTimeOffset(from, TimeSpan.Zero), isOwn);
        return new AdmittedRequest(
            request, organization, project, key, model, endpoint, streamed, version, price, Units.Of(bound), epoch, admittedAt, money,
            rateTokens)
        {
            ServiceClass = serviceClass,
            ModelVersion = modelVersion.Length > 0 ? modelVersion : null,
        };
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
        Price = Price,
        Epoch = Epoch,
        Units = end.Charged,
        Delivered = end.Delivered,
        Outcome = end.Outcome,
        AdmittedAt = AdmittedAt,
        FinishedAt = end.FinishedAt,
        Source = end.Source,
        ServiceClass = ServiceClass,
        ModelVersion = ModelVersion,
    };
}

/// <summary>A complete answer on its way into the store. Payload of <see cref="RecordType.Answered"/>, after the request's id.</summary>
/// <param name="KeyHash">Of its idempotency key, as the store knows it.</param>
/// <param name="End">The request's end if the answer was stored.</param>
internal sealed record UnsettledAnswer(byte[] KeyHash, RequestEnd End)
{
    public void Write(ref RecordWriter writer)
    {
        writer.Bytes(KeyHash);
        End.Write(ref writer);
    }

    public static UnsettledAnswer Read(ref RecordReader reader) => new(reader.Bytes(), RequestEnd.Read(ref reader));
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
        writer.LaterUnits(Charged);
    }

    public static RequestEnd Read(ref RecordReader reader)
    {
        var (outcome, source, attempt) = ((Outcome)reader.Byte(), (UsageSource)reader.Byte(), (int)reader.Count());
        var (finishedAt, delivered, charged) =
            (DateTimeOffset.FromUnixTimeMilliseconds(reader.Int64()), reader.Count(), reader.Counts());
        long? rateTokens = reader.IsAtEnd ? null : reader.Count();
        reader.LaterCounts(ref charged);
        var end = new RequestEnd(outcome, attempt, source, finishedAt, delivered, Units.Of(charged));
        return rateTokens is { } tokens ? end with { RateTokens = tokens } : end;
    }
}
