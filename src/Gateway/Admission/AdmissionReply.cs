using StackExchange.Redis;

namespace Tollgate.Gateway.Admission;

/// <summary>What the script decided.</summary>
internal enum AdmissionVerdict
{
    Admitted,
    Checked,

    /// <summary>Redis holds no version of the key or of the policy: Accounts must publish them.</summary>
    Missing,

    /// <summary>Redis knows a newer version of the key or of the policy than the caller showed.</summary>
    Stale,

    /// <summary>The request was released before it was admitted.</summary>
    Buried,
    Concurrency,
    Bucket,
    TooLarge,
    Budget,

    /// <summary>A budget is used up only if older epochs spent all that they hold: that is known once they have been fenced.</summary>
    Frozen,

    /// <summary>The till has no epoch.</summary>
    Cold,

    /// <summary>The till cannot pay the hold.</summary>
    Till,

    /// <summary>Another request with the same idempotency key and body runs.</summary>
    Running,

    /// <summary>The answer of an earlier request with the same idempotency key and body is complete.</summary>
    Done,

    /// <summary>The idempotency key belongs to another body.</summary>
    Mismatch,

    /// <summary>The store of answers was asked too long ago to claim the idempotency key.</summary>
    Late,
}

/// <summary>What the script answers to one admission or check.</summary>
/// <param name="TimeMs">Redis TIME, milliseconds since 1970; of the first admission when it was asked again.</param>
/// <param name="Epoch">The till's epoch; null when it has none.</param>
/// <param name="FreeNanoUsd">What the till can still hold.</param>
/// <param name="Binding">Place of the limit that refused in its list; −1 none.</param>
/// <param name="RetryInMs">When the binding bucket will fit.</param>
/// <param name="Used">For each bucket that was sent, <c>used × window</c>.</param>
internal sealed record AdmissionReply(
    AdmissionVerdict Verdict, long TimeMs, long? Epoch, long FreeNanoUsd, int Binding, long RetryInMs, long[] Used)
{
    private const int Head = 6;

    /// <summary>The request whose claim stands in the way; null for every other verdict.</summary>
    public Guid? ClaimedBy { get; init; }

    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(TimeMs);

    /// <summary>Reads the script's answer: one for each admission, in their order.</summary>
    public static IReadOnlyList<AdmissionReply> ReadAll(RedisResult[] values) =>
        Array.ConvertAll(values, value => Read((RedisResult[])value!));

    private static AdmissionReply Read(RedisResult[] values)
    {
        var verdict = ReadVerdict((string)values[0]!);
        var claimed = verdict is AdmissionVerdict.Running or AdmissionVerdict.Done or AdmissionVerdict.Mismatch;
        var used = new long[values.Length - Head - (claimed ? 1 : 0)];
        for (var i = 0; i < used.Length; i++)
        {
            used[i] = (long)values[Head + i];
        }

        var epoch = (long)values[2];
        return new AdmissionReply(
            verdict, (long)values[1], epoch < 0 ? null : epoch, (long)values[3], (int)values[4] - 1, (long)values[5], used)
        {
            ClaimedBy = claimed ? Guid.ParseExact((string)values[^1]!, "N") : null,
        };
    }

    private static AdmissionVerdict ReadVerdict(string text) => text switch
    {
        "ADMITTED" => AdmissionVerdict.Admitted,
        "CHECKED" => AdmissionVerdict.Checked,
        "MISSING" => AdmissionVerdict.Missing,
        "STALE" => AdmissionVerdict.Stale,
        "BURIED" => AdmissionVerdict.Buried,
        "CONCURRENCY" => AdmissionVerdict.Concurrency,
        "BUCKET" => AdmissionVerdict.Bucket,
        "TOO_LARGE" => AdmissionVerdict.TooLarge,
        "BUDGET" => AdmissionVerdict.Budget,
        "FROZEN" => AdmissionVerdict.Frozen,
        "COLD" => AdmissionVerdict.Cold,
        "TILL" => AdmissionVerdict.Till,
        "RUNNING" => AdmissionVerdict.Running,
        "DONE" => AdmissionVerdict.Done,
        "MISMATCH" => AdmissionVerdict.Mismatch,
        "LATE" => AdmissionVerdict.Late,
        _ => throw new InvalidOperationException($"The admission script answered {text}."),
    };
}
