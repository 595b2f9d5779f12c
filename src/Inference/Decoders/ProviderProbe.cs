using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Decoders;

/// <summary>Finds the execution provider by running a small decoder on it, not by asking what was compiled in.</summary>
/// <remarks>ONNX Runtime's attention on CUDA takes half precision only, and graphs are in single precision: no decoder loads
/// there.</remarks>
internal static class ProviderProbe
{
    private const string NvidiaDevice = "/dev/nvidia0";
    private const string CudaLibrary = "libonnxruntime_providers_cuda.so";

    /// <summary>An ordinary decoder: what a GPU must run to be of use.</summary>
    private static readonly DecoderShape Probed = new()
    {
        Family = DecoderFamily.All[0],
        Layers = [new LayerShape(Window: null, Rotation.Plain(width: 64, ropeBase: 10_000))],
        Width = 64,
        FeedForward = 64,
        Heads = 2,
        KeyValueHeads = 1,
        HeadWidth = 64,
        Vocabulary = 32,
        Context = 32,
        NormEpsilon = 1e-5f,
        AttentionScale = 0.125f,
    };

    /// <summary>Finds the provider to use.</summary>
    /// <exception cref="ExecutionProviderException"><see cref="ExecutionProviderChoice.Cuda"/> does not work on this machine.</exception>
    public static ExecutionProvider Probe(ExecutionProviderChoice choice) => choice switch
    {
        ExecutionProviderChoice.Cpu => ExecutionProvider.Cpu,
        ExecutionProviderChoice.Cuda => TryCuda() is { } cause
            ? throw new ExecutionProviderException($"CUDA was asked for and does not work here: {cause}")
            : new ExecutionProvider("cuda", "asked for"),
        _ when !File.Exists(NvidiaDevice) => new ExecutionProvider("cpu", $"no NVIDIA device ({NvidiaDevice} is absent)"),
        _ => new ExecutionProvider(
            "cpu", "an NVIDIA device is present, but graphs are in single precision, which its attention kernel does not run"),
    };

    /// <summary>Opens the sessions of a worker on the provider that its options ask for.</summary>
    /// <exception cref="ExecutionProviderException">The provider does not work on this machine.</exception>
    public static SessionFactory CreateSessions(ExecutionOptions options) => new(Probe(options.Provider), options.Threads, options.Spin);

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

    /// <summary>Asks the dynamic loader, because ONNX Runtime's own exception names only the library, not what the library
    /// lacks.</summary>
    private static string? LoaderCause()
    {
        const string ProbeName = "tollgate-probe";
        string[] places = [CudaLibrary, Path.Combine("runtimes", "linux-x64", "native", CudaLibrary)]; // Published for one platform; built.
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
