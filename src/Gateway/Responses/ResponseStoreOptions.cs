using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Responses;

/// <summary>How long a gateway waits for Learning, where responses are kept. Section <c>ResponseStore</c>.</summary>
internal sealed class ResponseStoreOptions
{
    public const string Section = "ResponseStore";

    /// <summary>How long Learning may take to send a conversation, or to say whether there is room. Then the request is refused with 503,
    /// and nothing has run. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one try to keep a response may take. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan KeepTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Tries to keep a response. Then its answer goes out without being kept. Default 3.</summary>
    [Range(1, 20)]
    public int KeepTries { get; init; } = 3;

    /// <summary>Pause between two tries. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan KeepPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often Learning is asked whether a response in the background is still to run, once whoever asked for it has left.
    /// Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan CancelPause { get; init; } = TimeSpan.FromSeconds(1);
}

[OptionsValidator]
internal sealed partial class ResponseStoreOptionsValidator : IValidateOptions<ResponseStoreOptions>;
