using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Loads the tokenizer that a manifest names.</summary>
internal static class TokenizerFile
{
    /// <summary>The manifest's word for byte-level BPE.</summary>
    public const string Bpe = "bpe";

    public const string WordPiece = "wordpiece";

    /// <summary>The manifest's word for SentencePiece's unigram model.</summary>
    public const string Unigram = "unigram";

    /// <exception cref="ModelImportException">The manifest names none, or the file is damaged or of an unknown kind.</exception>
    public static ITokenizer Load(InstalledModel model)
    {
        var tokenizer = model.Manifest.Tokenizer
            ?? throw new ModelImportException($"The manifest of '{model.Manifest.Name}' names no tokenizer.");
        try
        {
            var bytes = File.ReadAllBytes(model.PathOf(tokenizer.File));
            return tokenizer.Kind switch
            {
                Bpe => new BpeTokenizer(JsonSerializer.Deserialize(bytes, TokenizerJson.Default.BpeVocabulary)
                    ?? throw new FormatException("The file is empty.")),
                WordPiece or Unigram => ReadFramed(bytes),
                _ => throw new FormatException($"The kind '{tokenizer.Kind}' is unknown."),
            };
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException)
        {
            throw new ModelImportException($"The tokenizer of '{model.Manifest.Name}' cannot be loaded: {exception.Message}", exception);
        }
    }

    /// <summary>Reads the <c>tokenizer.json</c> of an encoder.</summary>
    /// <exception cref="ModelImportException">The JSON describes a tokenizer that is not supported.</exception>
    public static IFramedTokenizer ReadFramed(ReadOnlySpan<byte> json)
    {
        try
        {
            return FindKind(json) == "Unigram" ? new UnigramTokenizer(json) : new WordPieceTokenizer(json);
        }
        catch (Exception exception) when (exception is FormatException or KeyNotFoundException or InvalidOperationException
            or ArgumentException or IndexOutOfRangeException)
        {
            // What JsonElement throws where a member or an item is missing or of another kind.
            throw new ModelImportException($"The tokenizer cannot be used: {exception.Message}", exception);
        }
    }

    private static string? FindKind(ReadOnlySpan<byte> json)
    {
        using var document = TokenizerMembers.Parse(json);
        return document.RootElement.GetProperty("model").GetProperty("type").GetString();
    }
}
