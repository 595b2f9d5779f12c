using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Section <c>Forwarding</c>.</summary>
internal sealed class ForwardingOptions
{
    public const string Section = "Forwarding";

    /// <summary>How long a worker may take to the first event of a stream, waiting for a slot included. Default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan FirstEventTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a running stream may stay silent. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an answer in one piece may take. Default 10 min, the patience of official clients.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a client may read nothing of a stream that waits for it; then it counts as gone. Default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan ClientStallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a worker may take to confirm a cancellation with the final units, which are what is billed. Default 2 s, as many
    /// steps of a busy worker.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan CancelTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Tokens a minute that an organization may have computed without taking the answer, for nothing: what clients left, what
    /// timed out, and answers that the model itself left empty. Default 1,000; 0 bills all of it.</summary>
    [Range(0, 1_000_000_000)]
    public int ForgivenTokensPerMinute { get; init; } = 1000;

    /// <summary>How long running requests may go on after the order to stop; then streams end with an error frame. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts after the first one, each at another worker where there is one. Default 2. A request whose worker died with it
    /// is tried at most once more, whatever the value.</summary>
    [Range(0, 10)]
    public int MostRetries { get; init; } = 2;

    /// <summary>Largest answer in one piece that is taken from a worker, bytes. Default 64 MiB.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxAnswerBytes { get; init; } = 64 * 1024 * 1024;
}

[OptionsValidator]
internal sealed partial class ForwardingOptionsValidator : IValidateOptions<ForwardingOptions>;
