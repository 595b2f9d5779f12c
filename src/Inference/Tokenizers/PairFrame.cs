using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>
/// How two texts become one sequence, as the post-processor of a <c>tokenizer.json</c> states it: the first text before the second, and
/// ids before, between and after them. Token types follow the form, not the position.
/// </summary>
/// <param name="Start">Ids before the first text, with their types.</param>
/// <param name="Middle">Ids between the texts: one end mark, or two as in XLM-RoBERTa.</param>
/// <param name="End">Ids after the second text.</param>
/// <param name="FirstType">Token type of the first text.</param>
/// <param name="SecondType">Token type of the second text.</param>
internal sealed record PairFrame(
    IReadOnlyList<FrameToken> Start, IReadOnlyList<FrameToken> Middle, IReadOnlyList<FrameToken> End, int FirstType, int SecondType)
{
    private const int MostTypes = 16;

    /// <summary>Ids that the frame adds to the two texts.</summary>
    public int Length => Start.Count + Middle.Count + End.Count;

    /// <summary>Reads the form; null where there is none, or one that is not two texts after each other.</summary>
    /// <param name="processor">The post-processor that frames texts.</param>
    /// <param name="find">Ids that the post-processor, its first argument, gives a token's name.</param>
    /// <exception cref="FormatException">A token of the form is not in the vocabulary.</exception>
    public static PairFrame? Read(JsonElement processor, Func<JsonElement, string, int[]> find)
    {
        var kind = processor.GetProperty("type").GetString();
        if (kind is "BertProcessing" or "RobertaProcessing")
        {
            var (first, end) = (processor.GetProperty("cls")[1].GetInt32(), processor.GetProperty("sep")[1].GetInt32());
            return kind == "BertProcessing" ? new PairFrame([new(first, 0)], [new(end, 0)], [new(end, 1)], 0, 1)
                : new PairFrame([new(first, 0)], [new(end, 0), new(end, 0)], [new(end, 0)], 0, 0);
        }

        return processor.TryGetProperty("pair", out var pair) && pair.ValueKind == JsonValueKind.Array
            ? Read(pair, name => find(processor, name)) : null;
    }

    /// <summary>Joins two texts.</summary>
    /// <returns>Ids, and the token type of each.</returns>
    public (int[] Ids, int[] Types) Join(ReadOnlySpan<int> first, ReadOnlySpan<int> second)
    {
        var ids = new List<int>(Length + first.Length + second.Length);
        var types = new List<int>(ids.Capacity);
        Add(Start);
        AddText(first, FirstType);
        Add(Middle);
        AddText(second, SecondType);
        Add(End);
        return ([.. ids], [.. types]);

        void Add(IReadOnlyList<FrameToken> tokens)
        {
            ids.AddRange(tokens.Select(token => token.Id));
            types.AddRange(tokens.Select(token => token.Type));
        }

        void AddText(ReadOnlySpan<int> text, int type)
        {
            ids.AddRange(text);
            types.AddRange(Enumerable.Repeat(type, text.Length));
        }
    }

    private static PairFrame? Read(JsonElement form, Func<string, int[]> find)
    {
        List<FrameToken>[] parts = [[], [], []];
        int?[] texts = [null, null];
        foreach (var piece in form.EnumerateArray())
        {
            var isText = piece.TryGetProperty("Sequence", out var content);
            content = isText ? content : piece.GetProperty("SpecialToken");
            var type = content.TryGetProperty("type_id", out var number) ? number.GetInt32() : 0;
            var part = texts.Count(text => text is not null);
            if (type is < 0 or >= MostTypes)
            {
                return null;
            }

            if (!isText)
            {
                parts[part].AddRange(find(content.GetProperty("id").GetString()!).Select(id => new FrameToken(id, type)));
            }
            else if (part < 2 && content.GetProperty("id").GetString() == (part == 0 ? "A" : "B"))
            {
                texts[part] = type;
            }
            else
            {
                return null;
            }
        }

        return texts is [{ } first, { } second] ? new PairFrame(parts[0], parts[1], parts[2], first, second) : null;
    }
}

/// <summary>An id of a frame with its token type.</summary>
internal readonly record struct FrameToken(int Id, int Type);
