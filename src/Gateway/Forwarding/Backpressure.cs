using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Memory;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Remembers for a moment that a model's workers had no place left for an organization's requests of a service class. Its next ones for the
/// model get the same answer without an admission, a worker and a settlement, so that an organization that asks again at once, whatever
/// Retry-After it was given, takes little computing time from others. Thread-safe.
/// </summary>
internal sealed class Backpressure(TimeProvider clock)
{
    private const int MostRemembered = 10_000;

    /// <summary>How long an answer is repeated: much shorter than Retry-After, since places become free one by one.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    private readonly RecentCache<(Guid Organization, string Model, string? Version, ServiceClass ServiceClass), Refusal> _refusals =
        new(MostRemembered);

    /// <summary>A worker has refused a request for want of a place, and no other worker took it.</summary>
    /// <param name="version">Of the model; each has a queue of its own.</param>
    public void Note(Guid organization, string model, ServiceClass serviceClass, OpenAiError error, string? version = null) =>
        _refusals.Set((organization, model, version, serviceClass), new Refusal(error, clock.GetTimestamp()));

    /// <summary>What to answer to a request that would be refused as well; null when it is worth a try.</summary>
    public OpenAiError? Find(Guid organization, string model, ServiceClass serviceClass, string? version = null) =>
        _refusals.TryGet((organization, model, version, serviceClass), out var refusal) && clock.GetElapsedTime(refusal.At) < Moment
            ? refusal.Error : null;

    private sealed record Refusal(OpenAiError Error, long At);
}
