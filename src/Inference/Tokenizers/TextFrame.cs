using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>What the post-processor of a <c>tokenizer.json</c> puts around one text, and around two that are read as one.</summary>
/// <param name="Prefix">Ids before a text.</param>
/// <param name="Suffix">Ids after a text.</param>
/// <param name="Pair">Null where there is no form for two texts.</param>
internal sealed record TextFrame(IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix, PairFrame? Pair)
{
    /// <param name="find">The id of a token of the vocabulary.</param>
    /// <exception cref="FormatException">The post-processor is of another kind, or names what the vocabulary lacks.</exception>
    public static TextFrame Read(JsonElement root, Func<string, int> find, int vocabularySize)
    {
        var processor = FindFraming(TokenizerMembers.Find(root, "post_processor"));
        var (prefix, suffix) = processor is { } framing ? ReadOne(framing, Ids) : ([], []);
        return new TextFrame(prefix, suffix, processor is { } form ? PairFrame.Read(form, Ids) : null);

        // The ids that the post-processor gives a token of its frame; its vocabulary's where it gives none.
        int[] Ids(JsonElement from, string name)
        {
            if (!from.TryGetProperty("special_tokens", out var tokens) || !tokens.TryGetProperty(name, out var token))
            {
                return [find(name)];
            }

            var ids = token.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
            return Array.TrueForAll(ids, id => id >= 0 && id < vocabularySize)
                ? ids : throw new FormatException($"The tokenizer's post-processor puts '{name}' outside its vocabulary.");
        }
    }

    /// <summary>The processor that frames texts; null where there is none. ByteLevel only moves offsets.</summary>
    private static JsonElement? FindFraming(JsonElement? processor)
    {
        switch (processor?.GetProperty("type").GetString())
        {
            case null:
                return null;
            case "ByteLevel":
                TokenizerMembers.RequireOnly(processor.Value, "post_processor", "type", "add_prefix_space", "trim_offsets", "use_regex");
                return null;
            case "Sequence":
                TokenizerMembers.RequireOnly(processor.Value, "post_processor", "type", "processors");
                JsonElement[] framing =
                [
                    .. processor.Value.GetProperty("processors").EnumerateArray().Select(one => FindFraming(one)).OfType<JsonElement>(),
                ];
                return framing.Length < 2 ? framing.Cast<JsonElement?>().FirstOrDefault()
                    : throw new FormatException("The tokenizer's post-processor frames texts twice, which is not supported.");
            default:
                return processor;
        }
    }

    private static (int[] Prefix, int[] Suffix) ReadOne(JsonElement processor, Func<JsonElement, string, int[]> find)
    {
        if (processor.GetProperty("type").GetString() is "BertProcessing" or "RobertaProcessing")
        {
            TokenizerMembers.RequireOnly(processor, "post_processor", "type", "sep", "cls", "trim_offsets", "add_prefix_space");
            return ([processor.GetProperty("cls")[1].GetInt32()], [processor.GetProperty("sep")[1].GetInt32()]);
        }

        TokenizerMembers.Require(processor, "type", "TemplateProcessing");
        TokenizerMembers.RequireOnly(processor, "post_processor", "type", "single", "pair", "special_tokens");
        var (prefix, suffix, seen) = (new List<int>(), new List<int>(), false);
        foreach (var part in processor.GetProperty("single").EnumerateArray())
        {
            TokenizerMembers.RequireOnly(part, "post_processor", "SpecialToken", "Sequence");
            var isToken = part.TryGetProperty("SpecialToken", out var piece);
            piece = isToken ? piece : part.GetProperty("Sequence");
            if (piece.TryGetProperty("type_id", out var type) && type.GetInt32() != 0)
            {
                throw new FormatException("The tokenizer's post-processor gives one text a type other than 0, which is not supported.");
            }

            if (isToken)
            {
                (seen ? suffix : prefix).AddRange(find(processor, piece.GetProperty("id").GetString()!));
            }
            else if (seen)
            {
                throw new FormatException("The tokenizer's post-processor repeats the text, which is not supported.");
            }
            else
            {
                seen = true;
            }
        }

        return seen
            ? ([.. prefix], [.. suffix])
            : throw new FormatException("The tokenizer's post-processor leaves the text out, which is not supported.");
    }
}
