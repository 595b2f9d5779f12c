using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Sessions;

/// <summary>Where models run. Section <c>Execution</c>.</summary>
public sealed class ExecutionOptions
{
    public const string Section = "Execution";

    /// <summary><c>auto</c>, <c>cuda</c> or <c>cpu</c>. Default auto: the CPU, as long as the path of the GPU is untested on a GPU. With
    /// cuda the worker starts only where a whole decoder in half precision runs on CUDA.</summary>
    public ExecutionProviderChoice Provider { get; init; } = ExecutionProviderChoice.Auto;

    /// <summary>Whether decode steps on CUDA are captured, one graph for each number of rows, and replayed. Default true.</summary>
    public bool CudaGraphs { get; init; } = true;

    /// <summary>Threads inside one operator. Default 0: one for each processor.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Whether idle threads spin: faster where the worker has the machine for itself. Default false.</summary>
    public bool Spin { get; init; }
}

[OptionsValidator]
internal sealed partial class ExecutionOptionsValidator : IValidateOptions<ExecutionOptions>;
