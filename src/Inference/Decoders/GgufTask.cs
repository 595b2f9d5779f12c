using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>Recognises what a GGUF file is for, so that a refusal can name it.</summary>
internal static class GgufTask
{
    /// <exception cref="ModelImportException">The file is no whole model for text generation, or of another architecture.</exception>
    public static DecoderFamily FindFamily(GgufMetadata metadata)
    {
        var architecture = metadata.Get<string>("general.architecture");
        var type = metadata.Text("general.type") ?? "model";
        if (type != "model")
        {
            throw new ModelImportException($"The GGUF file holds '{type}', not a model.");
        }

        var task = Recognize(metadata, architecture);
        var family = DecoderFamily.All.FirstOrDefault(family => family.Architecture == architecture);
        return task is null && family is not null
            ? family
            : throw new ModelImportException(
                $"This is {(task is null ? "a model" : $"a model for {task}")} of the architecture '{architecture}'. Text generation is "
                + $"taken from these: {string.Join(", ", DecoderFamily.All.Select(known => known.Architecture))}.");
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
