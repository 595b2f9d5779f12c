using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Loads the tokenizer that a manifest names.</summary>
internal static class TokenizerFile
{
    /// <summary>The manifest's word for byte-level BPE.</summary>
    public const string Bpe = "bpe";

    /// <summary>The manifest's word for SentencePiece's BPE, whose merges follow scores.</summary>
    public const string SentencePiece = "sentencepiece";

    /// <summary>The manifest's word for a <c>tokenizer.json</c> of Hugging Face's library, as it came with the model.</summary>
    public const string HuggingFace = "huggingface";

    /// <summary>What manifests of encoders say for a <c>tokenizer.json</c> with WordPiece.</summary>
    public const string WordPiece = "wordpiece";

    /// <summary>What manifests of encoders say for a <c>tokenizer.json</c> with SentencePiece's unigram model.</summary>
    public const string Unigram = "unigram";

    /// <summary>Larger files are refused.</summary>
    private const long MostBytes = 256 << 20;

    /// <exception cref="ModelImportException">The manifest names none, or the file is damaged or of an unknown kind.</exception>
    public static ITokenizer Load(InstalledModel model)
    {
        var tokenizer = model.Manifest.Tokenizer
            ?? throw new ModelImportException($"The manifest of '{model.Manifest.Name}' names no tokenizer.");
        try
        {
            var path = model.PathOf(tokenizer.File);
            if (new FileInfo(path).Length > MostBytes)
            {
                throw new FormatException($"The file is larger than {MostBytes >> 20} MB.");
            }

            var bytes = File.ReadAllBytes(path);
            return tokenizer.Kind switch
            {
                Bpe => new BpeTokenizer(JsonSerializer.Deserialize(bytes, TokenizerJson.Default.BpeVocabulary)
                    ?? throw new FormatException("The file is empty.")),
                SentencePiece => SentencePieceTokenizer.Create(
                    JsonSerializer.Deserialize(bytes, TokenizerJson.Default.SentencePieceVocabulary)
                        ?? throw new FormatException("The file is empty.")),
                HuggingFace or WordPiece or Unigram => ReadFramed(bytes),
                _ => throw new FormatException($"The kind '{tokenizer.Kind}' is unknown."),
            };
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException)
        {
            throw new ModelImportException($"The tokenizer of '{model.Manifest.Name}' cannot be loaded: {exception.Message}", exception);
        }
    }

    /// <summary>Reads a <c>tokenizer.json</c> of Hugging Face's library, of an encoder or a decoder: BPE, Unigram, WordPiece or WordLevel.
    /// For a manifest it is <see cref="HuggingFace"/>.</summary>
    /// <exception cref="ModelImportException">The JSON describes a tokenizer that is not supported; the message names the
    /// member.</exception>
    public static IFramedTokenizer ReadFramed(ReadOnlySpan<byte> json)
    {
        try
        {
            return json.Length <= MostBytes
                ? TokenizerReader.Read(json) : throw new FormatException($"The file is larger than {MostBytes >> 20} MB.");
        }
        catch (Exception exception) when (exception is FormatException or KeyNotFoundException or InvalidOperationException
            or ArgumentException or IndexOutOfRangeException)
        {
            // What JsonElement throws where a member or an item is missing or of another kind.
            throw new ModelImportException($"The tokenizer cannot be used: {exception.Message}", exception);
        }
    }
}
