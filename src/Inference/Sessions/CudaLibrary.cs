using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Sessions;

/// <summary>ONNX Runtime's library for CUDA. Registered, it copies tensors between host and device outside of runs.</summary>
internal static class CudaLibrary
{
    private const string Name = "libonnxruntime_providers_cuda.so";

    /// <summary>Once for the process, before its first session on CUDA, and never undone: sessions use what it registers.</summary>
    private static readonly Lazy<bool> Registered = new(() =>
    {
        string[] places = [Name, Path.Combine("runtimes", "linux-x64", "native", Name)]; // Published for one platform; built.
        var path = places.Select(place => Path.Combine(AppContext.BaseDirectory, place)).FirstOrDefault(File.Exists)
            ?? throw new DllNotFoundException($"{Name} is not beside the program, which was built without -p:OnnxRuntime=cuda");
        OrtEnv.Instance().RegisterExecutionProviderLibrary("tollgate-cuda", path);
        return true;
    });

    /// <summary>Loads it. Further calls do nothing, or fail as the first did.</summary>
    /// <exception cref="DllNotFoundException">It is not part of this program.</exception>
    /// <exception cref="OnnxRuntimeException">The dynamic loader refuses it; the message names the library that is missing.</exception>
    public static void Register() => _ = Registered.Value;
}
