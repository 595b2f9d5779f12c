using System.Text;
using System.Text.Json.Nodes;

namespace Tollgate.Inference.Tests.Tokenizers;

/// <summary>Files of unigram tokenizers in the forms that exporters have written, over pieces of the texts of
/// <see cref="TextFuzz"/>.</summary>
internal static class UnigramFile
{
    /// <summary>Control tokens, as XLM-RoBERTa numbers them.</summary>
    private static readonly string[] Controls = ["<s>", "<pad>", "</s>", "<unk>"];

    /// <summary>The forms that <see cref="Make"/> knows.</summary>
    public static IReadOnlyList<string> Forms { get; } = ["xlm-roberta", "recent", "t5", "bytes", "lowercase"];

    /// <param name="form">One of <see cref="Forms"/>.</param>
    public static JsonObject Make(string form)
    {
        var pieces = Pieces();
        if (form == "bytes")
        {
            pieces.AddRange(Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", -20.0)));
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Controls.Select((text, id) => (JsonNode)new JsonObject
            {
                ["id"] = id, ["content"] = text, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false,
                ["special"] = true,
            })]),
            ["normalizer"] = Normalizer(form),
            ["pre_tokenizer"] = PreTokenizer(form),
            ["post_processor"] = form == "t5" ? Frame([Sequence("A"), Special("</s>")], [Sequence("A"), Special("</s>"), Sequence("B"),
                Special("</s>")]) : Frame(
                    [Special("<s>"), Sequence("A"), Special("</s>")],
                    [Special("<s>"), Sequence("A"), Special("</s>"), Special("</s>"), Sequence("B"), Special("</s>")]),
            ["decoder"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = "always", ["split"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "Unigram",
                ["unk_id"] = 3,
                ["vocab"] = new JsonArray([.. pieces.Select(piece => (JsonNode)new JsonArray(piece.Text, piece.Score))]),
                ["byte_fallback"] = form == "bytes",
            },
        };
    }

    /// <summary>Single characters but for every fifth, which is unknown, and runs of them; the same in every call.</summary>
    private static List<(string Text, double Score)> Pieces()
    {
        var random = new Random(77);
        var pieces = new List<(string Text, double Score)>(Controls.Select(text => (text, 0.0))) { ("▁", -2.5) };
        var seen = new HashSet<string>(pieces.Select(piece => piece.Text), StringComparer.Ordinal);
        foreach (var text in TextFuzz.Texts(900).Append("XII 株式会社 صلى الله full FULL ... don't HELLO hello"))
        {
            var marked = text.Replace(' ', '▁').Replace("<", "", StringComparison.Ordinal);
            Rune[] runes = [.. marked.EnumerateRunes()];
            for (var i = 0; i < runes.Length; i++)
            {
                var most = random.Next(1, 9);
                var piece = string.Concat(runes.Skip(i).Take(most));
                if ((runes[i].Value % 5 != 0 || most > 2) && seen.Add(piece))
                {
                    pieces.Add((piece, -3 - (random.NextDouble() * 9)));
                }
            }
        }

        return pieces;
    }

    private static JsonObject? Normalizer(string form)
    {
        JsonObject precompiled() => new()
        {
            ["type"] = "Precompiled",
            ["precompiled_charsmap"] = Convert.ToBase64String(CharacterMapData.Compile(CharacterMapData.Example())),
        };
        JsonObject runs(string content) => new()
        {
            ["type"] = "Replace", ["pattern"] = new JsonObject { ["Regex"] = " {2,}" }, ["content"] = content,
        };
        return form switch
        {
            "xlm-roberta" => precompiled(),
            "recent" => Steps(
                precompiled(), new JsonObject { ["type"] = "Strip", ["strip_left"] = false, ["strip_right"] = true }, runs("▁")),
            "t5" => Steps(precompiled(), runs(" ")),
            "lowercase" => Steps(
                new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = "``" }, ["content"] = "\"" },
                new JsonObject { ["type"] = "NFC" }, new JsonObject { ["type"] = "Lowercase" }),
            _ => null,
        };
    }

    private static JsonObject PreTokenizer(string form) => form switch
    {
        "xlm-roberta" => new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "WhitespaceSplit" }, new JsonObject
            {
                ["type"] = "Metaspace", ["replacement"] = "▁", ["str_rep"] = "▁", ["add_prefix_space"] = true,
            }),
        },
        "bytes" => Metaspace("first", split: false),
        "lowercase" => Metaspace("never", split: true),
        _ => Metaspace("always", split: true),
    };

    private static JsonObject Metaspace(string scheme, bool split) => new()
    {
        ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = split,
    };

    private static JsonObject Steps(params JsonNode[] steps) => new() { ["type"] = "Sequence", ["normalizers"] = new JsonArray(steps) };

    private static JsonObject Frame(JsonNode[] single, JsonNode[] pair) => new()
    {
        ["type"] = "TemplateProcessing",
        ["single"] = new JsonArray(single),
        ["pair"] = new JsonArray(pair),
        ["special_tokens"] = new JsonObject
        {
            ["<s>"] = new JsonObject { ["id"] = "<s>", ["ids"] = new JsonArray(0), ["tokens"] = new JsonArray("<s>") },
            ["</s>"] = new JsonObject { ["id"] = "</s>", ["ids"] = new JsonArray(2), ["tokens"] = new JsonArray("</s>") },
        },
    };

    private static JsonObject Sequence(string id) => new() { ["Sequence"] = new JsonObject { ["id"] = id, ["type_id"] = 0 } };

    private static JsonObject Special(string id) => new() { ["SpecialToken"] = new JsonObject { ["id"] = id, ["type_id"] = 0 } };
}
