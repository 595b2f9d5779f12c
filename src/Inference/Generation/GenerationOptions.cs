using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Generation;

/// <summary>How a decoder serves. Section <c>Generation</c>; each model has its own slots and its own queue.</summary>
public sealed class GenerationOptions
{
    public const string Section = "Generation";

    /// <summary>Answers generated at once. Default 32.</summary>
    [Range(1, 256)]
    public int Slots { get; init; } = 32;

    /// <summary>Requests that may wait for a slot; the next one is refused with 503. Default 256.</summary>
    [Range(0, 100_000)]
    public int QueueLength { get; init; } = 256;

    /// <summary>How long a request may wait for its first slot before it is refused with 503. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest that reading one prompt may hold up the answers that run. Default 40 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.005", "00:00:01")]
    public TimeSpan StallTarget { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Most prompt tokens read in one step. Default 128, from where longer ones are no faster.</summary>
    [Range(16, 4096)]
    public int MaxChunk { get; init; } = 128;

    /// <summary>Most memory for keys and values of one model, MiB; requests wait for theirs. Default 4,096 MiB.</summary>
    [Range(1, 1_048_576)]
    public int KeyValueMemoryMb { get; init; } = 4096;

    /// <summary>With work waiting and no step done for so long the worker is not live. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The same for a model whose rows would change each other's results: one slot.</summary>
    internal GenerationOptions Unbatched() => new()
    {
        Slots = 1,
        QueueLength = QueueLength,
        QueueTimeout = QueueTimeout,
        StallTarget = StallTarget,
        MaxChunk = MaxChunk,
        KeyValueMemoryMb = KeyValueMemoryMb,
        StallLimit = StallLimit,
    };
}

[OptionsValidator]
internal sealed partial class GenerationOptionsValidator : IValidateOptions<GenerationOptions>;
