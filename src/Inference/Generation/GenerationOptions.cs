using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>How decoders generate. Section <c>Generation</c>, which <see cref="QueueOptions"/> reads too. Each decoder has its own
/// slots.</summary>
public sealed class GenerationOptions
{
    public const string Section = "Generation";

    /// <summary>Answers generated at once for one organization. Default 32.</summary>
    [Range(1, 256)]
    public int Slots { get; init; } = 32;

    /// <summary>Slots beside those, for organizations that hold fewer than this many: one organization's load leaves them to the others.
    /// Default 8.</summary>
    [Range(0, 256)]
    public int ReservedSlots { get; init; } = 8;

    /// <summary>Time of a turn that reads prompts while answers run, their own step included: as many tokens are read as fit in, at least
    /// 16. Default 40 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.005", "00:00:01")]
    public TimeSpan StallTarget { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Most tokens of one prompt read in one step. Default 128, from where longer ones are no faster.</summary>
    [Range(16, 512)]
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
        ReservedSlots = 0,
        StallTarget = StallTarget,
        MaxChunk = MaxChunk,
        KeyValueMemoryMb = KeyValueMemoryMb,
        StallLimit = StallLimit,
    };
}

[OptionsValidator]
internal sealed partial class GenerationOptionsValidator : IValidateOptions<GenerationOptions>;
