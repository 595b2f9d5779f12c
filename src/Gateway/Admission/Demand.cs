using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Gateway.Admission;

/// <summary>What a request asks of its limits and of its wallet. Made before anything is forwarded.</summary>
/// <param name="Endpoint">Scope name, such as <c>chat.completions</c>.</param>
/// <param name="Model">The model's real name.</param>
/// <param name="Price">Price version in force; frozen on the request.</param>
/// <param name="Bound">Upper bound of the units: the hold pays for them, and the worker computes no more.</param>
/// <param name="RateTokens">OpenAI's estimate, for the token buckets: bytes ÷ 4 + 3 a message + output cap × choices.</param>
internal sealed record Demand(string Endpoint, string Model, ModelPrice Price, Units Bound, long RateTokens, bool Streamed)
{
    /// <summary>The model as the client wrote it, maybe an alias: a key may be confined to
    /// either name. Null when it is <see cref="Model"/>.</summary>
    public string? AskedModel { get; init; }

    /// <summary>Version of the model that it is sent to; null for any.</summary>
    public string? ModelVersion { get; init; }

    /// <summary>Decides how soon it runs, and at which share of the price the hold pays.</summary>
    public ServiceClass ServiceClass { get; init; }

    /// <summary>What the hold costs, US dollars.</summary>
    public decimal MostUsd => (decimal)Price.PicoUsd.CostPicoUsd(Bound, ServiceClass) / 1_000_000_000_000m;

    public Access Access => new(Endpoint, AskedModel ?? Model, Model);
}

/// <summary>What a key must allow for a request.</summary>
/// <param name="Endpoint">Scope name.</param>
/// <param name="AskedModel">The model as the client wrote it, maybe an alias.</param>
/// <param name="Model">The model's real name.</param>
internal readonly record struct Access(string Endpoint, string AskedModel, string Model);
