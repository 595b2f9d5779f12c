using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Audio;

/// <summary>The voice activity detector that comes with a development package.</summary>
internal static class SileroModel
{
    public static string Path { get; } = System.IO.Path.Combine(
        System.IO.Path.GetDirectoryName(ModelFiles.Defaults)!, "node_modules", "@jjhbw", "silero-vad", "weights",
        "silero_vad_16k_op15.onnx");
}
