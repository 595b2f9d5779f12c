using System.Text.Json;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Decoders;

/// <summary>The tokenizer inside a GGUF file.</summary>
internal static class GgufVocabulary
{
    private const long Unknown = 2;
    private const long Control = 3;
    private const long UserDefined = 4;
    private const long Unused = 5;
    private const long Byte = 6;
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>The keys' word for byte-level BPE.</summary>
    private const string BytePairs = "gpt2";

    /// <summary>The keys' word for SentencePiece's BPE.</summary>
    private const string SentencePiece = "llama";

    /// <summary>Names that files use for the same rules.</summary>
    private static readonly Dictionary<string, string> PreTokenizers = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = "gpt-2",
        ["gpt2"] = "gpt-2",
        ["phi-2"] = "gpt-2",
        ["smollm"] = "smollm",
        ["starcoder"] = "smollm",
        ["refact"] = "smollm",
        ["llama-bpe"] = "llama-bpe",
        ["llama3"] = "llama-bpe",
        ["llama-v3"] = "llama-bpe",
        ["dbrx"] = "dbrx",
        ["smaug-bpe"] = "dbrx",
        ["chatglm-bpe"] = "dbrx",
        ["glm4"] = "dbrx",
        ["qwen2"] = "qwen2",
        ["deepseek-r1-qwen"] = "qwen2",
        ["qwen35"] = "qwen35",
        ["gpt-4o"] = "gpt-4o",
        ["llama4"] = "gpt-4o",
        ["tekken"] = "tekken",
        ["deepseek-v3"] = "deepseek-v3",
        ["deepseek-coder"] = "deepseek-coder",
        ["bloom"] = "bloom",
        ["default"] = "default",
    };

    /// <summary>Keys that change nothing in how text becomes ids: tokens' texts, ids that are only named, other forms of the
    /// same.</summary>
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "model", "pre", "tokens", "token_type", "scores", "merges", "add_bos_token",
        "bos_token_id", "eos_token_id", "eot_token_id", "eom_token_id", "unknown_token_id", "seperator_token_id", "separator_token_id",
        "padding_token_id", "cls_token_id", "mask_token_id", "prefix_token_id", "suffix_token_id", "middle_token_id", "fim_pre_token_id",
        "fim_suf_token_id", "fim_mid_token_id", "fim_pad_token_id", "fim_rep_token_id", "fim_sep_token_id", "token_type_count",
    };

    /// <summary>Keys that are taken where they ask for nothing.</summary>
    private static readonly string[] Unset = ["add_eos_token", "add_sep_token", "remove_extra_whitespaces"];

    /// <summary>Texts that mean the end of an answer wherever they are control tokens: files seldom list all of them.</summary>
    private static readonly HashSet<string> Ends = new(StringComparer.Ordinal)
    {
        "<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>", "</s>", "<|end|>", "<|eot|>", "<|return|>",
        "<|call|>", "<end_of_turn>", "<EOT>", "[EOS]", "<｜end▁of▁sentence｜>",
    };

    /// <summary>The tokenizer in the form in which it is installed.</summary>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    /// <exception cref="ModelImportException">The tokenizer is of an unsupported kind, or contradicts itself.</exception>
    public static GgufTokenizer ReadTokenizer(GgufMetadata metadata, int vocabularySize)
    {
        var kind = metadata.Get<string>(Prefix + "model");
        try
        {
            switch (kind)
            {
                case BytePairs:
                    var pairs = Read(metadata, vocabularySize);
                    return new GgufTokenizer(
                        new BpeTokenizer(pairs), TokenizerFile.Bpe,
                        JsonSerializer.SerializeToUtf8Bytes(pairs, TokenizerJson.Default.BpeVocabulary), pairs.Tokens, pairs.Control,
                        AddsStart(metadata, otherwise: PreTokenizer.BeginsTexts(pairs.PreTokenizer)));
                case SentencePiece:
                    var pieces = ReadPieces(metadata, vocabularySize);
                    return new GgufTokenizer(
                        SentencePieceTokenizer.Create(pieces), TokenizerFile.SentencePiece,
                        JsonSerializer.SerializeToUtf8Bytes(pieces, TokenizerJson.Default.SentencePieceVocabulary), pieces.Tokens,
                        pieces.Control, AddsStart(metadata, otherwise: true));
                default:
                    throw new ModelImportException(
                        $"The tokenizer '{kind}' is not supported; byte-level BPE ('{BytePairs}') and SentencePiece's BPE "
                        + $"('{SentencePiece}') are.");
            }
        }
        catch (FormatException exception)
        {
            throw new ModelImportException($"The tokenizer cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>Reads byte-level BPE.</summary>
    /// <exception cref="ModelImportException">The tokenizer is of another kind, or contradicts itself.</exception>
    public static BpeVocabulary Read(GgufMetadata metadata, int vocabularySize)
    {
        var kind = metadata.Get<string>(Prefix + "model");
        if (kind != BytePairs)
        {
            throw new ModelImportException($"The tokenizer '{kind}' is no byte-level BPE ('{BytePairs}').");
        }

        CheckKeys(metadata, "add_space_prefix");
        var rules = metadata.Text(Prefix + "pre") ?? "default";
        if (!PreTokenizers.TryGetValue(rules, out var preTokenizer))
        {
            throw new ModelImportException(
                $"The pre-tokenizer '{rules}' is not supported; these are: {string.Join(", ", PreTokenizers.Keys)}.");
        }

        var (tokens, types) = ReadTokens(metadata, vocabularySize);
        return new BpeVocabulary
        {
            PreTokenizer = preTokenizer,
            Tokens = tokens,
            Control = Find(types, Control, Unknown, Unused),
            UserDefined = Find(types, UserDefined),
            Merges = metadata.Get<string[]>(Prefix + "merges"),
        };
    }

    private static SentencePieceVocabulary ReadPieces(GgufMetadata metadata, int vocabularySize)
    {
        // A file of SentencePiece's BPE that names a pre-tokenizer has no rules for it but the default.
        var rules = metadata.Text(Prefix + "pre") ?? "default";
        CheckKeys(metadata);
        if (rules != "default" || metadata.Values.ContainsKey(Prefix + "merges"))
        {
            throw new ModelImportException(
                $"The tokenizer '{SentencePiece}' has merges or the pre-tokenizer '{rules}', which is not supported.");
        }

        var (tokens, types) = ReadTokens(metadata, vocabularySize);
        if (!metadata.TryGet<double[]>(Prefix + "scores", out var scores) || scores.Length != tokens.Length)
        {
            throw new ModelImportException($"The tokenizer has {tokens.Length} tokens and not as many scores ('{Prefix}scores').");
        }

        return new SentencePieceVocabulary
        {
            Tokens = tokens,
            Scores = Array.ConvertAll(scores, score => (float)score),
            Control = Find(types, Control, Unknown, Unused),
            UserDefined = Find(types, UserDefined),
            Bytes = Find(types, Byte),
            Unknown = Find(types, Unknown) is [var unknown, ..] ? unknown : null,
            AddSpacePrefix = metadata.Flag(Prefix + "add_space_prefix", otherwise: true),
        };
    }

    private static (string[] Tokens, long[] Types) ReadTokens(GgufMetadata metadata, int vocabularySize)
    {
        var tokens = metadata.Get<string[]>(Prefix + "tokens");
        if (tokens.Length == 0 || tokens.Length > vocabularySize)
        {
            throw new ModelImportException($"The tokenizer has {tokens.Length} tokens, the model {vocabularySize}.");
        }

        var types = metadata.TryGet<long[]>(Prefix + "token_type", out var found) ? found : new long[tokens.Length];
        return types.Length == tokens.Length
            ? (tokens, types) : throw new ModelImportException($"The tokenizer has {tokens.Length} tokens and {types.Length} token types.");
    }

    private static int[] Find(long[] types, params ReadOnlySpan<long> wanted)
    {
        var ids = new List<int>();
        for (var id = 0; id < types.Length; id++)
        {
            if (wanted.Contains(types[id]))
            {
                ids.Add(id);
            }
        }

        return [.. ids];
    }

    /// <summary>Whether a raw prompt begins with the start token; some kinds do where the file is silent.</summary>
    private static bool AddsStart(GgufMetadata metadata, bool otherwise) => metadata.Flag(Prefix + "add_bos_token", otherwise);

    /// <summary>A closed world: a key that nothing here reads may ask for another normaliser or frame.</summary>
    /// <param name="unset">A further key that is taken where it asks for nothing.</param>
    private static void CheckKeys(GgufMetadata metadata, string? unset = null)
    {
        foreach (var (key, value) in metadata.Values.Where(v => v.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var name = key[Prefix.Length..];
            var isRead = Harmless.Contains(name) || (name == "add_space_prefix" && unset != name);
            if (!isRead && !((Unset.Contains(name) || name == unset) && value is false))
            {
                throw new ModelImportException(
                    $"The GGUF key '{key}'{(value is bool ? $" = {value}" : "")} "
                + "is not supported: it may change how text becomes tokens.");
            }
        }
    }

    /// <summary>Every token that ends an answer: the end of text, of a turn, of a message.</summary>
    public static IReadOnlyList<int> ReadEnds(GgufMetadata metadata, GgufTokenizer tokenizer)
    {
        var ends = new SortedSet<int>();
        foreach (var key in (ReadOnlySpan<string>)["eos_token_id", "eot_token_id", "eom_token_id"])
        {
            if (ReadId(metadata, key, tokenizer) is { } id)
            {
                ends.Add(id);
            }
        }

        // Where a message ends with <|return|>, <|end|> only ends a part of it.
        var returns = tokenizer.Control.Any(id => tokenizer.Tokens[id] == "<|return|>");
        ends.UnionWith(tokenizer.Control.Where(id => Ends.Contains(tokenizer.Tokens[id])
            && !(returns && tokenizer.Tokens[id] == "<|end|>")));
        return ends.Count > 0 ? [.. ends] : throw new ModelImportException("The tokenizer names no token that ends an answer.");
    }

    /// <summary>A special id of the file; null when it is absent or marked as none.</summary>
    public static int? ReadId(GgufMetadata metadata, string key, GgufTokenizer tokenizer) =>
        metadata.TryGet<long>(Prefix + key, out var id) && id >= 0 && id < tokenizer.Tokens.Count ? (int)id : null;
}

/// <summary>The tokenizer of a GGUF file.</summary>
/// <param name="Kind">As manifests name it.</param>
/// <param name="File">The form in which it is installed.</param>
/// <param name="Tokens">Texts by id.</param>
/// <param name="Control">Ids of tokens that are never part of text.</param>
/// <param name="AddsStart">Whether a raw prompt begins with the start token.</param>
internal sealed record GgufTokenizer(
    ITokenizer Tokenizer, string Kind, byte[] File, IReadOnlyList<string> Tokens, IReadOnlyList<int> Control, bool AddsStart);
