using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Import;

namespace Tollgate.Inference.Sessions;

/// <summary>What the operator asked for: setting <c>auto|cuda|cpu</c>.</summary>
public enum ExecutionProviderChoice
{
    /// <summary>The provider that serves most: the CPU, until there are graphs in half precision.</summary>
    Auto,

    /// <summary>CUDA, or no start at all.</summary>
    Cuda,

    Cpu,
}

/// <summary>The execution provider in use, found out by running a graph on it, not by asking what was compiled in.</summary>
/// <param name="Name"><c>cuda</c> or <c>cpu</c>; shown in health and metrics.</param>
/// <param name="Reason">Why it is this one, for the log and <c>doctor</c>.</param>
/// <remarks>ONNX Runtime's attention on CUDA takes half precision only, and graphs are in single precision: no decoder loads there.</remarks>
public sealed record ExecutionProvider(string Name, string Reason)
{
    private const string NvidiaDevice = "/dev/nvidia0";
    private const string CudaLibrary = "libonnxruntime_providers_cuda.so";

    /// <summary>An ordinary decoder: what a GPU must run to be of use.</summary>
    private static readonly LlamaShape Probed = new()
    {
        Layers = 1,
        Width = 64,
        FeedForward = 64,
        Heads = 2,
        KeyValueHeads = 1,
        HeadWidth = 64,
        Vocabulary = 32,
        Context = 32,
        NormEpsilon = 1e-5f,
        RopeBase = 10_000,
        RopeScale = 1,
        AttentionScale = 0.125f,
        RopePairsNeighbours = false,
    };

    public static ExecutionProvider Cpu { get; } = new("cpu", "asked for");

    public bool IsCuda => Name == "cuda";

    /// <summary>Finds the provider to use.</summary>
    /// <exception cref="ExecutionProviderException"><see cref="ExecutionProviderChoice.Cuda"/>
    /// was asked for and does not work here.</exception>
    public static ExecutionProvider Probe(ExecutionProviderChoice choice) => choice switch
    {
        ExecutionProviderChoice.Cpu => Cpu,
        ExecutionProviderChoice.Cuda => TryCuda() is { } cause
            ? throw new ExecutionProviderException($"CUDA was asked for and does not work here: {cause}")
            : new ExecutionProvider("cuda", "asked for"),
        _ when !File.Exists(NvidiaDevice) => new ExecutionProvider("cpu", $"no NVIDIA device ({NvidiaDevice} is absent)"),
        _ => new ExecutionProvider(
            "cpu", "an NVIDIA device is present, but graphs are in single precision, which its attention kernel does not run"),
    };

    /// <summary>Adds the provider to a session's options. A graph that CUDA cannot run whole fails to load: no silent fallback.</summary>
    internal void AddTo(SessionOptions options)
    {
        if (IsCuda)
        {
            options.AppendExecutionProvider_CUDA(0);
            options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
        }
    }

    /// <summary>Runs a small decoder on CUDA, with every operator that a decoder uses; null when that works, else the cause.</summary>
    private static string? TryCuda()
    {
        try
        {
            KernelTrial.Run(Probed, new SessionFactory(new ExecutionProvider("cuda", "probe")));
            return null;
        }
        catch (ModelImportException exception)
        {
            return LoaderCause() ?? exception.Message;
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            return LoaderCause() ?? exception.Message;
        }
    }

    /// <summary>What the dynamic loader says; ONNX Runtime's own exception names only the library, not what it misses.</summary>
    private static string? LoaderCause()
    {
        const string ProbeName = "tollgate-probe";
        string[] places = [CudaLibrary, Path.Combine("runtimes", "linux-x64", "native", CudaLibrary)]; // npm's place, NuGet's place
        var path = places.Select(place => Path.Combine(AppContext.BaseDirectory, place)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            return $"{CudaLibrary} is not beside the program";
        }

        try
        {
            OrtEnv.Instance().RegisterExecutionProviderLibrary(ProbeName, path);
            OrtEnv.Instance().UnregisterExecutionProviderLibrary(ProbeName);
            return null;
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or EntryPointNotFoundException)
        {
            return exception.Message;
        }
    }
}

/// <summary>The execution provider that was asked for cannot be had.</summary>
public sealed class ExecutionProviderException(string message) : Exception(message);
