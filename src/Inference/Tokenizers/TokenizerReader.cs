using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Reads a <c>tokenizer.json</c> as a closed world: what nothing here applies is refused by name.</summary>
internal static class TokenizerReader
{
    private const int MostIds = 4_194_304;

    /// <exception cref="FormatException">The file asks for what is not supported, or contradicts itself.</exception>
    public static PipelineTokenizer Read(ReadOnlySpan<byte> json)
    {
        using var document = TokenizerMembers.Parse(json);
        var root = document.RootElement;

        // Truncation and padding are the caller's affair: longer inputs are refused, and padding is masked.
        TokenizerMembers.RequireOnly(
            root, "tokenizer", "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
            "decoder", "model");
        var added = AddedToken.Read(root, MostIds);
        var controls = added.Where(token => token.IsControl).Select(token => token.Id).ToHashSet();
        var preTokenizer = TokenizerMembers.Find(root, "pre_tokenizer");
        var model = ReadModel(root.GetProperty("model"), controls, PieceSteps.Read(preTokenizer, _ => 1).EndsInBytes);
        if (added.FirstOrDefault(token => model.Find(token.Text) is { } id && id != token.Id) is { } other)
        {
            throw new FormatException($"The tokenizer's added token '{other.Text}' has another id in its vocabulary than {other.Id}.");
        }

        var normalizer = TextNormalizer.Read(TokenizerMembers.Find(root, "normalizer"), model.Weigh);
        var steps = PieceSteps.Read(preTokenizer, model.Weigh);
        return new PipelineTokenizer(new TokenizerParts
        {
            Added = added,
            Normalizer = normalizer,
            Steps = steps,
            Model = model,
            Decoder = TokenBytesReader.Read(
                TokenizerMembers.Find(root, "decoder"), steps.Mark, (model as WordPieceModel)?.ContinuingPrefix ?? ""),
            Frame = ReadFrame(root, model, added),
            Space = normalizer.Prefix is not null ? SpaceRule.EveryText : steps.Space,
        });
    }

    private static IPieceModel ReadModel(JsonElement model, HashSet<int> controls, bool readsBytes)
    {
        // Files of the library's first years name no kind; their vocabularies tell WordPiece from BPE by the merges.
        var kind = TokenizerMembers.Find(model, "type")?.GetString()
            ?? (model.TryGetProperty("merges", out _) ? "BPE"
                : model.TryGetProperty("continuing_subword_prefix", out _) ? "WordPiece" : null);
        if (readsBytes && kind != "BPE")
        {
            throw new FormatException($"The tokenizer's model '{kind}' reads bytes, which is supported for BPE alone.");
        }

        return kind switch
        {
            "BPE" => new BpeModel(model, readsBytes),
            "Unigram" => new UnigramModel(model, controls),
            "WordPiece" => new WordPieceModel(model),
            "WordLevel" => new WordLevelModel(model),
            _ => throw new FormatException(
                $"The tokenizer's model '{kind}' is not supported; these are: BPE, Unigram, WordPiece and WordLevel."),
        };
    }

    private static TextFrame ReadFrame(JsonElement root, IPieceModel model, IReadOnlyList<AddedToken> added)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in added)
        {
            ids[token.Text] = token.Id;
        }

        for (var id = 0; id < model.Entries.Count; id++)
        {
            if (model.Entries[id] is { } entry)
            {
                ids.TryAdd(entry, id);
            }
        }

        var size = Math.Max(model.Entries.Count, added.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        return TextFrame.Read(
            root, name => ids.TryGetValue(name, out var id) ? id : throw new FormatException($"The vocabulary lacks '{name}'."), size);
    }
}
