using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>The files of a Whisper model in the exporters' layout: graphs in the folder or in its <c>onnx</c>, whole or quantised;
/// configuration and tokenizer in the folder.</summary>
internal static class WhisperFolder
{
    public const string Config = "config.json";
    public const string GenerationConfig = "generation_config.json";
    public const string PreprocessorConfig = "preprocessor_config.json";
    public const string Tokenizer = "tokenizer.json";

    /// <summary>A voice activity detector beside the model, as Silero publishes it.</summary>
    public const string Voice = "silero_vad.onnx";

    private const long LongestJson = 64 << 20;

    /// <summary>Path of the encoder; null where the folder has none.</summary>
    public static string? FindEncoder(string folder) => Find(folder, "encoder_model");

    /// <summary>Path of the decoder with and without caches in one graph.</summary>
    /// <exception cref="ModelImportException">There is none.</exception>
    public static string FindDecoder(string folder) => Find(folder, "decoder_model_merged") ?? throw new ModelImportException(
        "The folder has an encoder, but no decoder_model_merged.onnx or decoder_model_merged_quantized.onnx. "
        + "Export the model with its caches, merged into one decoder.");

    /// <summary>A JSON file of the folder.</summary>
    /// <exception cref="ModelImportException">It is absent, too long, or not an object.</exception>
    public static JsonElement Read(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            throw new ModelImportException($"The folder has no {name}.");
        }

        if (new FileInfo(path).Length > LongestJson)
        {
            throw new ModelImportException($"{name} is longer than {LongestJson} bytes.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone() : throw new ModelImportException($"{name} is not an object.");
        }
        catch (JsonException exception)
        {
            throw new ModelImportException($"{name} is not JSON: {exception.Message}", exception);
        }
    }

    private static string? Find(string folder, string name) =>
        ((string[])[name, $"{name}_quantized"])
            .SelectMany(file => (string[])[Path.Combine(folder, $"{file}.onnx"), Path.Combine(folder, "onnx", $"{file}.onnx")])
            .FirstOrDefault(File.Exists);
}
