using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Sessions;

/// <summary>The provider that the operator asks for: setting <c>auto|cuda|cpu</c>.</summary>
public enum ExecutionProviderChoice
{
    /// <summary>The provider that serves most: the CPU, until there are graphs in half precision.</summary>
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

    /// <summary>Adds the provider to a session's options. A graph that CUDA cannot run whole fails to load: no silent fallback.</summary>
    internal void AddTo(SessionOptions options)
    {
        if (IsCuda)
        {
            options.AppendExecutionProvider_CUDA(0);
            options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
        }
    }
}

/// <summary>The execution provider that was asked for does not work on this machine.</summary>
public sealed class ExecutionProviderException(string message) : Exception(message);
