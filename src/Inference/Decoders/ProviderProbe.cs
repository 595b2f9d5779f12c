using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Decoders;

/// <summary>Finds the execution provider by running a small decoder on it, not by asking what was compiled in.</summary>
/// <remarks>ONNX Runtime's attention on CUDA takes half precision only. This path is untested on a GPU.</remarks>
public static class ProviderProbe
{
    private const string NvidiaDevice = "/dev/nvidia0";

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
        HalfActivations = true,
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
            "cpu", "an NVIDIA device is present; Execution:Provider=cuda uses it, which is untested on a GPU"),
    };

    /// <summary>Opens the sessions of a worker on the provider that its options ask for.</summary>
    /// <exception cref="ExecutionProviderException">The provider does not work on this machine.</exception>
    public static SessionFactory CreateSessions(ExecutionOptions options) =>
        new(Probe(options.Provider) with { Captures = options.CudaGraphs }, options.Threads, options.Spin);

    /// <summary>Runs a small decoder on CUDA, with every operator that a decoder uses; null when that works, else the cause.</summary>
    public static string? TryCuda()
    {
        try
        {
            CudaLibrary.Register(); // ONNX Runtime's own exception would not name what the library lacks.
            KernelTrial.Run(Probed, new SessionFactory(new ExecutionProvider("cuda", "probe")));
            return null;
        }
        catch (Exception exception) when (
            exception is ModelImportException or OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            return exception.Message;
        }
    }
}
