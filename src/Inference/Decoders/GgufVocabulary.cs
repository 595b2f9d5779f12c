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

    /// <summary>Names that files use for the same rules.</summary>
    private static readonly Dictionary<string, string> PreTokenizers = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = "gpt-2",
        ["gpt2"] = "gpt-2",
        ["phi-2"] = "gpt-2",
        ["smollm"] = "smollm",
        ["starcoder"] = "smollm",
        ["llama-bpe"] = "llama-bpe",
        ["llama3"] = "llama-bpe",
        ["llama-v3"] = "llama-bpe",
        ["qwen2"] = "qwen2",
        ["deepseek-r1-qwen"] = "qwen2",
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
    private static readonly string[] Unset = ["add_eos_token", "add_sep_token", "add_space_prefix", "remove_extra_whitespaces"];

    /// <exception cref="ModelImportException">The tokenizer is of an unsupported kind, or contradicts itself.</exception>
    public static BpeVocabulary Read(GgufMetadata metadata, int vocabularySize)
    {
        var kind = metadata.Get<string>("tokenizer.ggml.model");
        if (kind != "gpt2")
        {
            throw new ModelImportException($"The tokenizer '{kind}' is not supported; byte-level BPE ('gpt2') is.");
        }

        CheckKeys(metadata);
        var rules = metadata.Text("tokenizer.ggml.pre") ?? "default";
        if (!PreTokenizers.TryGetValue(rules, out var preTokenizer))
        {
            throw new ModelImportException(
                $"The pre-tokenizer '{rules}' is not supported; these are: {string.Join(", ", PreTokenizers.Keys)}.");
        }

        var tokens = metadata.Get<string[]>("tokenizer.ggml.tokens");
        if (tokens.Length == 0 || tokens.Length > vocabularySize)
        {
            throw new ModelImportException($"The tokenizer has {tokens.Length} tokens, the model {vocabularySize}.");
        }

        var types = metadata.TryGet<long[]>("tokenizer.ggml.token_type", out var found) ? found : new long[tokens.Length];
        if (types.Length != tokens.Length)
        {
            throw new ModelImportException($"The tokenizer has {tokens.Length} tokens and {types.Length} token types.");
        }

        var ids = Enumerable.Range(0, tokens.Length).ToArray();
        return new BpeVocabulary
        {
            PreTokenizer = preTokenizer,
            Tokens = tokens,
            Control = [.. ids.Where(id => types[id] is Control or Unknown or Unused)],
            UserDefined = [.. ids.Where(id => types[id] is UserDefined)],
            Merges = metadata.Get<string[]>("tokenizer.ggml.merges"),
        };
    }

    /// <summary>A closed world: a key that nothing here reads may ask for another normaliser or frame.</summary>
    private static void CheckKeys(GgufMetadata metadata)
    {
        const string Prefix = "tokenizer.ggml.";
        foreach (var (key, value) in metadata.Values.Where(v => v.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var name = key[Prefix.Length..];
            if (!Harmless.Contains(name) && !(Unset.Contains(name) && value is false))
            {
                throw new ModelImportException(
                    $"The GGUF key '{key}'{(value is bool ? $" = {value}" : "")} "
                + "is not supported: it may change how text becomes tokens.");
            }
        }
    }

    /// <summary>Every token that ends an answer: the end of text, of a turn, of a message.</summary>
    public static IReadOnlyList<int> ReadEnds(GgufMetadata metadata, BpeVocabulary vocabulary)
    {
        var ends = new SortedSet<int>();
        foreach (var key in (ReadOnlySpan<string>)["eos_token_id", "eot_token_id", "eom_token_id"])
        {
            if (ReadId(metadata, key, vocabulary) is { } id)
            {
                ends.Add(id);
            }
        }

        foreach (var id in vocabulary.Control)
        {
            // Files seldom list all of them; these texts mean an end wherever they are control tokens.
            if (vocabulary.Tokens[id] is "<|endoftext|>" or "<|im_end|>" or "<|eot_id|>" or "<|end_of_text|>" or "<|eom_id|>" or "</s>")
            {
                ends.Add(id);
            }
        }

        return ends.Count > 0 ? [.. ends] : throw new ModelImportException("The tokenizer names no token that ends an answer.");
    }

    /// <summary>A special id of the file; null when it is absent or marked as none.</summary>
    public static int? ReadId(GgufMetadata metadata, string key, BpeVocabulary vocabulary) =>
        metadata.TryGet<long>($"tokenizer.ggml.{key}", out var id) && id >= 0 && id < vocabulary.Tokens.Count ? (int)id : null;
}
