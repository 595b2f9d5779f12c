using System.Text;
using System.Text.Json.Nodes;

namespace Tollgate.Inference.Tests.Tokenizers;

/// <summary>Files of tokenizers, each with one thing that files in the wild have, over vocabularies that are trained here on the texts of
/// <see cref="TextFuzz"/>.</summary>
internal static class TokenizerForms
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}""";
    private const string Mark = "▁";

    private static readonly Lazy<(JsonObject Vocabulary, JsonArray Merges)> Bytes = new(() => Train(Alphabet, [.. AllBytes()], 300));
    private static readonly Lazy<(JsonObject Vocabulary, JsonArray Merges)> Characters = new(() => Train(
        text => text.Replace(" ", Mark, StringComparison.Ordinal), ["<unk>", "<s>", "</s>", .. ByteNames()], 300));

    /// <summary>Expressions of models' pre-tokenizers, by the names that GGUF files have for them.</summary>
    public static IReadOnlyDictionary<string, string[]> Rules { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["gpt-2"] = [Gpt2],
        ["smollm"] = [@"\p{N}", Gpt2],
        ["llama-bpe"] =
        [
            @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
        ["qwen2"] =
        [
            @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
        ["qwen35"] =
        [
            @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
        ["gpt-4o"] =
        [
            @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
            + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
            + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
        ["tekken"] =
        [
            @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
            + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
            + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
        ["deepseek-v3"] =
        [
            @"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
            @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^" + "\r\n" + @"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[" + "\r\n"
            + @"]*|\s*[" + "\r\n" + @"]+|\s+(?!\S)|\s+",
        ],
        ["deepseek-coder"] = ["[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", "[一-龥ࠀ-一가-\uD7FF]+", @"\p{N}"],
        ["bloom"] = [@" ?[^(\s|.,!?…。，、।۔،)]+"],
        ["default"] = [@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"],
    };

    private static readonly Dictionary<string, Action<JsonObject>> Changes = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = file => file["pre_tokenizer"] = Parse("""{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true}"""),
        ["prefix space"] = file => file["pre_tokenizer"] = Parse(
            """{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}"""),
        ["bytes, then digits"] = file => file["pre_tokenizer"] = Steps(
            """{"type":"Punctuation","behavior":"Contiguous"}""",
            """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""",
            """{"type":"Digits","individual_digits":false}""", Split("[0-9][0-9][0-9]", "Isolated")),
        ["llama 3"] = file => Cut(file, Rules["llama-bpe"]),
        ["whole pieces"] = file =>
        {
            Cut(file, Rules["llama-bpe"]);
            file["model"]!["ignore_merges"] = true;
        },
        ["qwen 2"] = file =>
        {
            Cut(file, Rules["qwen2"]);
            file["normalizer"] = Parse("""{"type":"NFC"}""");
        },
        ["gpt-4o"] = file => Cut(file, Rules["gpt-4o"]),
        ["gpt-4o, matches kept"] = file => file["pre_tokenizer"] = Steps(Split(Rules["gpt-4o"][0], "Removed", invert: true), ByteLevel),
        ["tekken"] = file => Cut(file, Rules["tekken"]),
        ["deepseek-v3"] = file => Cut(file, Rules["deepseek-v3"]),
        ["removed"] = file => file["pre_tokenizer"] = Steps(Split(@"[\s,.]", "Removed"), ByteLevel),
        ["merged with previous"] = file => file["pre_tokenizer"] = Steps(Split(@"\p{P}|\s", "MergedWithPrevious"), ByteLevel),
        ["merged with next"] = file => file["pre_tokenizer"] = Steps(Split(@"\p{P}|\s", "MergedWithNext"), ByteLevel),
        ["contiguous"] = file => file["pre_tokenizer"] = Steps(Split(@"\p{N}|[a-z]", "Contiguous"), ByteLevel),
        ["inverted"] = file => file["pre_tokenizer"] = Steps(Split(@"\w+", "MergedWithNext", invert: true), ByteLevel),
        ["empty matches"] = file => file["pre_tokenizer"] = Steps(Split(@"(?=\p{Lu})|(?<=\d)(?!\d)|x*", "Isolated"), ByteLevel),
        ["anchors"] = file => file["pre_tokenizer"] = Steps(Split(@"^\s+|\s+$|\b\p{Ll}{2,3}\b|\Aé|d\z", "Isolated"), ByteLevel),
        ["sets"] = file => file["pre_tokenizer"] = Steps(Split(@"[\p{L}&&[^a-m\p{Han}]]++|[^\p{^P}]?+|\p{Han}+?", "Isolated"), ByteLevel),
        ["cases"] = file => file["pre_tokenizer"] = Steps(Split("(?i)hello|WORLD|(?-i:x)'S|é", "Isolated"), ByteLevel),
        ["text"] = file => file["pre_tokenizer"] = Steps(
            """{"type":"Split","pattern":{"String":".."},"behavior":"MergedWithPrevious","invert":false}""", ByteLevel),
        ["whitespace"] = file => file["pre_tokenizer"] = Steps("""{"type":"Whitespace"}""", ByteLevel),
        ["bert"] = file => file["pre_tokenizer"] = Steps("""{"type":"BertPreTokenizer"}""", ByteLevel),
        ["single digits"] = file => file["pre_tokenizer"] = Steps(
            """{"type":"CharDelimiterSplit","delimiter":"-"}""", """{"type":"WhitespaceSplit"}""",
            """{"type":"Digits","individual_digits":true}""", """{"type":"Punctuation"}""", ByteLevel),
        ["NFD"] = file => file["normalizer"] = Parse("""{"type":"NFD"}"""),
        ["NFKC"] = file => file["normalizer"] = Parse("""{"type":"NFKC"}"""),
        ["NFKD"] = file => file["normalizer"] = Parse(
            """{"type":"Sequence","normalizers":[{"type":"NFKD"},{"type":"StripAccents"},{"type":"Lowercase"}]}"""),
        ["translation"] = file => file["normalizer"] = Parse(
            """{"type":"Sequence","normalizers":[{"type":"Nmt"},{"type":"Strip","strip_left":true,"strip_right":false}]}"""),
        ["expressions"] = file => file["normalizer"] = Parse(
            """
            {"type":"Sequence","normalizers":[
              {"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "},
              {"type":"Replace","pattern":{"Regex":"[aeiou]{2}|l+"},"content":"$1é"},
              {"type":"Prepend","prepend":"xy"}]}
            """),
        ["bert's normalizer"] = file => file["normalizer"] = Parse(
            """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}"""),
        ["bytes as a normalizer"] = file =>
        {
            file["normalizer"] = Parse("""{"type":"ByteLevel"}""");
            file["pre_tokenizer"] = null;
        },
        ["added"] = file => AddTokens(file),
        ["added, normalised"] = file =>
        {
            AddTokens(file);
            file["normalizer"] = Parse("""{"type":"Lowercase"}""");
        },
        ["spm llama"] = file => file["normalizer"] = Parse(
            """
            {"type":"Sequence","normalizers":[
              {"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
            """),
        ["spm gemma"] = file =>
        {
            file["normalizer"] = Parse("""{"type":"Replace","pattern":{"String":" "},"content":"▁"}""");
            file["decoder"] = Parse(
                """
                {"type":"Sequence","decoders":[
                  {"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]}
                """);
        },
        ["spm first"] = file => Metaspace(file, "first", split: false),
        ["spm always"] = file => Metaspace(file, "always", split: true),
        ["spm never"] = file => Metaspace(file, "never", split: true),
        ["spm unknown"] = file =>
        {
            Metaspace(file, "always", split: false);
            file["model"]!["byte_fallback"] = false;
        },
        ["spm unknown one by one"] = file =>
        {
            Metaspace(file, "always", split: false);
            (file["model"]!["byte_fallback"], file["model"]!["fuse_unk"]) = (false, false);
        },
        ["spm dropped"] = file =>
        {
            Metaspace(file, "always", split: false);
            (file["model"]!["byte_fallback"], file["model"]!["unk_token"]) = (false, null);
        },
        ["words"] = file =>
        {
            file["pre_tokenizer"] = Parse("""{"type":"Whitespace"}""");
            file["decoder"] = null;
            file["model"] = Parse("""{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"Hello":1,"world":2,"!":3,"é":4,"a":5}}""");
        },
    };

    public static IEnumerable<string> Names => Changes.Keys;

    /// <param name="name">One of <see cref="Names"/>.</param>
    public static JsonObject Make(string name)
    {
        var isBytes = !name.StartsWith("spm", StringComparison.Ordinal);
        var (vocabulary, merges) = (isBytes ? Bytes : Characters).Value;
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = isBytes ? Parse(ByteLevel) : null,
            ["post_processor"] = null,
            ["decoder"] = isBytes ? Parse(ByteLevel) : Parse(
                """
                {"type":"Sequence","decoders":[
                  {"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
                  {"type":"Strip","content":" ","start":1,"stop":0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = isBytes ? null : "<unk>", ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null, ["fuse_unk"] = !isBytes, ["byte_fallback"] = !isBytes, ["ignore_merges"] = false,
                ["vocab"] = vocabulary.DeepClone(), ["merges"] = merges.DeepClone(),
            },
        };
        Changes[name](file);
        return file;
    }

    /// <summary>The pieces of the characters' vocabulary, by id, with the score that SentencePiece would give each.</summary>
    public static IReadOnlyList<(string Text, float Score)> Pieces()
    {
        var (vocabulary, merges) = Characters.Value;
        var ranks = merges.Select((merge, rank) => (Text: (string)merge![0]! + (string)merge[1]!, rank)).DistinctBy(merge => merge.Text)
            .ToDictionary(merge => merge.Text, merge => merge.rank, StringComparer.Ordinal);
        return [.. vocabulary.Select(entry => (entry.Key, ranks.TryGetValue(entry.Key, out var rank) ? -(float)rank : -1e9f))];
    }

    /// <summary>A pre-tokenizer that cuts by expressions and reads bytes.</summary>
    public static JsonObject Cut(string[] expressions) =>
        Steps([.. expressions.Select(expression => Split(expression, "Isolated")), ByteLevel]);

    private static void Cut(JsonObject file, string[] expressions) => file["pre_tokenizer"] = Cut(expressions);

    private static void Metaspace(JsonObject file, string scheme, bool split)
    {
        file["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Metaspace", ["replacement"] = Mark, ["prepend_scheme"] = scheme, ["split"] = split,
        };
        if (scheme == "never")
        {
            file["decoder"] = file["pre_tokenizer"]!.DeepClone();
        }
    }

    private static void AddTokens(JsonObject file)
    {
        var vocabulary = file["model"]!["vocab"]!.AsObject();
        var next = vocabulary.Count;
        file["added_tokens"] = new JsonArray(
            Token("Hello", single: true), Token("<im>", special: true), Token("world", left: true, normalized: true),
            Token("你", right: true), Token("'s", left: true, right: true), Token("EX", normalized: true));

        JsonObject Token(
            string text, bool single = false, bool left = false, bool right = false, bool normalized = false, bool special = false) => new()
        {
            ["id"] = vocabulary.TryGetPropertyValue(text, out var id) ? (int)id! : next++, ["content"] = text, ["single_word"] = single,
            ["lstrip"] = left, ["rstrip"] = right, ["normalized"] = normalized, ["special"] = special,
        };
    }

    private static JsonNode Parse(string json) => JsonNode.Parse(json)!;

    private static JsonObject Steps(params string[] steps) => new()
    {
        ["type"] = "Sequence", ["pretokenizers"] = new JsonArray([.. steps.Select(Parse)]),
    };

    private static string Split(string expression, string behaviour, bool invert = false) => new JsonObject
    {
        ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = expression }, ["behavior"] = behaviour, ["invert"] = invert,
    }.ToJsonString();

    private static IEnumerable<string> ByteNames() => Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>");

    /// <summary>GPT-2's alphabet.</summary>
    private static string[] AllBytes()
    {
        var next = 256;
        return Enumerable.Range(0, 256)
            .Select(value => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? value : next++)
            .Select(point => ((char)point).ToString()).ToArray();
    }

    private static string Alphabet(string text)
    {
        string[] letters = [.. AllBytes()];
        return string.Concat(Encoding.UTF8.GetBytes(text).Select(value => letters[value]));
    }

    /// <summary>Trains byte-pair encoding: the commonest pair becomes a token, and so on. The same in every call.</summary>
    private static (JsonObject Vocabulary, JsonArray Merges) Train(Func<string, string> write, string[] first, int count)
    {
        var texts = TextFuzz.Texts(500).Append("Hello world, don't! the then there they  you'll  123 1234").Where(text => text.Length > 0)
            .Select(write).Select(text => text.EnumerateRunes().Select(rune => rune.ToString()).ToList()).ToList();
        var entries = new List<string>(first);
        if (first.Length != 256)
        {
            // Every fifth character has no entry of its own.
            entries.AddRange(texts.SelectMany(text => text).Distinct()
                .Where(text => char.ConvertToUtf32(text, 0) % 5 != 0 || text == Mark));
        }

        var (known, merges) = (entries.ToHashSet(StringComparer.Ordinal), new JsonArray());
        for (var i = 0; i < count; i++)
        {
            var best = texts.SelectMany(text => text.Zip(text.Skip(1)))
                .Where(pair => known.Contains(pair.First) && known.Contains(pair.Second) && !known.Contains(pair.First + pair.Second))
                .CountBy(pair => pair).OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key.First + pair.Key.Second, StringComparer.Ordinal).First().Key;
            merges.Add(new JsonArray(best.First, best.Second));
            entries.Add(best.First + best.Second);
            known.Add(best.First + best.Second);
            foreach (var text in texts)
            {
                for (var at = 0; at + 1 < text.Count; at++)
                {
                    if (text[at] == best.First && text[at + 1] == best.Second)
                    {
                        text[at] += text[at + 1];
                        text.RemoveAt(at + 1);
                    }
                }
            }
        }

        return (new JsonObject(entries.Select((entry, id) => KeyValuePair.Create(entry, (JsonNode?)JsonValue.Create(id)))), merges);
    }
}
