using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>Recognises what a GGUF file is for, so that a refusal can name it.</summary>
internal static class GgufTask
{
    private static readonly string[] Supported = ["llama", "qwen2"];

    /// <exception cref="ModelImportException">The file is no whole model for text generation, or of another architecture.</exception>
    public static void Check(GgufMetadata metadata, string architecture)
    {
        var type = metadata.Text("general.type") ?? "model";
        if (type != "model")
        {
            throw new ModelImportException($"The GGUF file holds '{type}', not a model.");
        }

        if (metadata.Number("split.count", 0, int.MaxValue, otherwise: 0) > 1)
        {
            throw new ModelImportException("The GGUF file is one part of several; join them first.");
        }

        var task = Recognize(metadata, architecture);
        if (task is not null || !Supported.Contains(architecture))
        {
            throw new ModelImportException(
                $"This is {(task is null ? "a model" : $"a model for {task}")} of the architecture '{architecture}'. "
                + "GGUF files are taken for text generation by 'llama' and 'qwen2'.");
        }
    }

    /// <summary>The task in words; null for text generation.</summary>
    private static string? Recognize(GgufMetadata metadata, string architecture) => architecture switch
    {
        _ when metadata.Values.ContainsKey($"{architecture}.classifier.output_labels") => "classification of text",
        _ when metadata.Number($"{architecture}.pooling_type", 0, 1 << 20, otherwise: 0) == 4 => "ranking of text",
        _ when metadata.Number($"{architecture}.pooling_type", 0, 1 << 20, otherwise: 0) != 0 => "embeddings (import it as ONNX)",
        _ when architecture.Contains("bert", StringComparison.Ordinal) || architecture.EndsWith("embedding", StringComparison.Ordinal)
            => "embeddings (import it as ONNX)",
        "t5encoder" => "embeddings (import it as ONNX)",
        "t5" => "generation by an encoder and a decoder, such as translation",
        "whisper" => "speech recognition",
        "wavtokenizer-dec" => "speech",
        "clip" or "mllama" => "pictures",
        "flux" or "sd1" or "sdxl" or "sd3" => "image generation",
        _ => null,
    };
}
