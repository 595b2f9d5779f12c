using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Import;

namespace Tollgate.Inference.Sessions;

/// <summary>What the operator asked for: setting <c>auto|cuda|cpu</c>.</summary>
public enum ExecutionProviderChoice
{
    /// <summary>CUDA where an NVIDIA device is present and works, else the CPU.</summary>
    Auto,

    /// <summary>CUDA, or no start at all.</summary>
    Cuda,

    Cpu,
}

/// <summary>The execution provider in use, found out by running a graph on it, not by asking what was compiled in.</summary>
/// <param name="Name"><c>cuda</c> or <c>cpu</c>; shown in health and metrics.</param>
/// <param name="Reason">Why it is this one, for the log and <c>doctor</c>.</param>
/// <remarks>The CUDA path is written from ONNX Runtime's documentation and sources; it has not run on a GPU yet.</remarks>
public sealed record ExecutionProvider(string Name, string Reason)
{
    private const string NvidiaDevice = "/dev/nvidia0";
    private const string CudaLibrary = "libonnxruntime_providers_cuda.so";

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
        _ => TryCuda() is { } cause
            ? new ExecutionProvider("cpu", $"an NVIDIA device is present, but CUDA does not work: {cause}")
            : new ExecutionProvider("cuda", "an NVIDIA device is present and works"),
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

    /// <summary>Runs a one-node graph on CUDA; null when that works, else the cause.</summary>
    private static string? TryCuda()
    {
        try
        {
            using var options = new SessionOptions();
            new ExecutionProvider("cuda", "probe").AddTo(options);
            using var session = new InferenceSession(ProbeGraph(), options);
            using var input = OrtValue.CreateTensorValueFromMemory(new float[] { 1, 2 }, [2]);
            using var run = new RunOptions();
            using var outputs = session.Run(run, ["x"], [input], ["y"]);
            var sum = outputs[0].GetTensorDataAsSpan<float>();
            return sum[0] == 2 && sum[1] == 4 ? null : "the probe computed 1 + 1 and 2 + 2 wrongly";
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

    private static byte[] ProbeGraph()
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("x", typeof(float), 2);
        graph.Node("Add", domain: "", ["x", "x"], ["y"]);
        graph.Output("y", typeof(float), 2);
        return graph.ToModel().ToArray();
    }
}

/// <summary>The execution provider that was asked for cannot be had.</summary>
public sealed class ExecutionProviderException(string message) : Exception(message);
