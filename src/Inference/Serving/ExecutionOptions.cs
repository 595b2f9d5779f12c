using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Serving;

/// <summary>Where models run. Section <c>Execution</c>.</summary>
public sealed class ExecutionOptions
{
    public const string Section = "Execution";

    /// <summary><c>auto</c>, <c>cuda</c> or <c>cpu</c>. Default auto: the provider that serves most, which is the CPU until
    /// there are graphs in half precision. With cuda the worker starts only where a whole decoder runs on CUDA.</summary>
    public ExecutionProviderChoice Provider { get; init; } = ExecutionProviderChoice.Auto;

    /// <summary>Threads inside one operator. Default 0: one for each processor.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Whether idle threads spin: faster where the worker has the machine for itself. Default false.</summary>
    public bool Spin { get; init; }
}

[OptionsValidator]
internal sealed partial class ExecutionOptionsValidator : IValidateOptions<ExecutionOptions>;

/// <summary>The model repository. Section <c>Models</c>.</summary>
public sealed class ModelsOptions
{
    public const string Section = "Models";

    /// <summary>Folder of installed models, <c>&lt;name&gt;/&lt;version&gt;/</c>. No default.</summary>
    [Required]
    public string Directory { get; init; } = "";

    /// <summary>Folder of model files that are installed when the repository lacks them, one folder a model. Default: none.</summary>
    public string? Defaults { get; init; }

    /// <summary>How often the repository is looked at for new models. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan ScanInterval { get; init; } = TimeSpan.FromSeconds(1);
}

[OptionsValidator]
internal sealed partial class ModelsOptionsValidator : IValidateOptions<ModelsOptions>;
