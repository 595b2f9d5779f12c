using System.Text.Json;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Loads the tokenizer that a manifest names.</summary>
internal static class TokenizerFile
{
    /// <summary>The manifest's word for byte-level BPE.</summary>
    public const string Bpe = "bpe";

    /// <exception cref="ModelImportException">The file is damaged or of an unknown kind.</exception>
    public static ITokenizer Load(InstalledModel model)
    {
        var tokenizer = model.Manifest.Tokenizer;
        try
        {
            var bytes = File.ReadAllBytes(model.PathOf(tokenizer.File));
            return tokenizer.Kind switch
            {
                Bpe => new BpeTokenizer(JsonSerializer.Deserialize(bytes, TokenizerJson.Default.BpeVocabulary)
                    ?? throw new FormatException("The file is empty.")),
                _ => throw new FormatException($"The kind '{tokenizer.Kind}' is unknown."),
            };
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException)
        {
            throw new ModelImportException($"The tokenizer of '{model.Manifest.Name}' cannot be loaded: {exception.Message}", exception);
        }
    }
}
