using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Residency;

/// <summary>The model repository. Section <c>Models</c>.</summary>
public sealed class ModelsOptions
{
    public const string Section = "Models";

    /// <summary>Folder of installed models, <c>&lt;name&gt;/&lt;version&gt;/</c>. No default.</summary>
    [Required]
    public string Directory { get; init; } = "";

    /// <summary>Folder of model files that are installed when the repository lacks them, one folder a model. Default: none.</summary>
    public string? Defaults { get; init; }

    /// <summary>Most trained models that are installed because they are deployed; those beyond wait. Default 32.</summary>
    [Range(0, 10_000)]
    public int MostTuned { get; init; } = 32;

    /// <summary>Largest trained model, bytes. Default 1 GiB.</summary>
    [Range(1, long.MaxValue)]
    public long MaxTunedBytes { get; init; } = 1L << 30;

    /// <summary>The group whose models alone are served. Set by the worker for the processes that it starts. Default: none, which serves
    /// models without a group and keeps a process for each group.</summary>
    public string? Group { get; init; }

    /// <summary>Most memory of all loaded models together, bytes; versions that no request uses leave it for others. 0 sets no bound.
    /// Default 0.</summary>
    [Range(0, long.MaxValue)]
    public long MemoryBytes { get; init; }

    /// <summary>How long a model waits for memory that others use all the time before one of them gives it up. Below
    /// <c>Generation:QueueTimeout</c>, after which its requests have gone. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan TurnWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a version that is in use serves at least before it gives up its memory for one that waits. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan TurnTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the repository is looked at for new models. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan ScanInterval { get; init; } = TimeSpan.FromSeconds(1);
}

[OptionsValidator]
internal sealed partial class ModelsOptionsValidator : IValidateOptions<ModelsOptions>;
