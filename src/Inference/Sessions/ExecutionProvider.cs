using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Sessions;

/// <summary>The provider that the operator asks for: setting <c>auto|cuda|cpu</c>.</summary>
public enum ExecutionProviderChoice
{
    /// <summary>The CPU, as long as the path of the GPU is untested on a GPU.</summary>
    Auto,

    /// <summary>CUDA, or no start at all.</summary>
    Cuda,

    Cpu,
}

/// <summary>The execution provider that sessions run on.</summary>
/// <param name="Name"><c>cuda</c> or <c>cpu</c>; shown in health and metrics.</param>
/// <param name="Reason">Why it is this one, for the log and <c>doctor</c>.</param>
public sealed record ExecutionProvider(string Name, string Reason)
{
    public static ExecutionProvider Cpu { get; } = new("cpu", "asked for");

    public bool IsCuda => Name == "cuda";

    /// <summary>Whether decode steps on CUDA are captured as graphs and replayed.</summary>
    public bool Captures { get; init; }

    /// <summary>Adds the provider to a session's options. A graph that CUDA cannot run whole fails to load: no silent fallback.</summary>
    /// <param name="captures">Whether runs that name a graph (<c>gpu_graph_id</c>) are captured and replayed; every other run must then
    /// name −1.</param>
    internal void AddTo(SessionOptions options, bool captures = false)
    {
        if (!IsCuda)
        {
            return;
        }

        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(new Dictionary<string, string>
        {
            ["device_id"] = "0",
            ["arena_extend_strategy"] = "kSameAsRequested", // What a step takes, not the next power of two.
            ["use_tf32"] = "0", // Float32 has the bits that the graph states.
            ["enable_cuda_graph"] = captures && Captures ? "1" : "0",
        });
        options.AppendExecutionProvider_CUDA(cuda);
        options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
        options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1"); // Weights lie outside the arena.
    }
}

/// <summary>The execution provider that was asked for does not work on this machine.</summary>
public sealed class ExecutionProviderException(string message) : Exception(message);
