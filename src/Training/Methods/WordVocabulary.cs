using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Training.Methods;

/// <summary>Whole words, lower-cased and without accents, by frequency. Its <c>tokenizer.json</c> is BERT's WordPiece without pieces:
/// a word that is not in it becomes <c>[UNK]</c>.</summary>
internal sealed class WordVocabulary
{
    /// <summary>Most words, the two that stand for padding and unknown words included.</summary>
    public const int Most = 20_000;

    /// <summary>Words that stand in fewer rows are unknown, so that the model learns what an unknown word is.</summary>
    private const int FewestRows = 2;

    private const string Unknown = "[UNK]";
    private static readonly string[] Specials = ["[PAD]", Unknown];
    private static readonly BertNormalizer Normalizer = new(cleanText: true, partChinese: true, stripAccents: true, lowercase: true);

    /// <summary>As BERT's files have it; also bounds what a row of the training file can add.</summary>
    private const int LongestWord = 100;

    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string[] _words;

    private WordVocabulary(string[] words) => _words = words;

    /// <summary>Ids run from 0 to this, exclusive.</summary>
    public int Size => _words.Length;

    /// <param name="texts">Of the training part alone.</param>
    public static WordVocabulary Of(IEnumerable<string> texts)
    {
        var rows = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            foreach (var word in Words(text).Distinct(StringComparer.Ordinal))
            {
                rows[word] = rows.GetValueOrDefault(word) + 1;
            }
        }

        return new WordVocabulary(
        [
            .. Specials,
            .. rows.Where(pair => pair.Value >= FewestRows && pair.Key.Length <= LongestWord)
                .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => pair.Key).Take(Most - Specials.Length),
        ]);
    }

    /// <summary>The file that this tokenizer and Hugging Face's library read.</summary>
    public byte[] ToTokenizerFile()
    {
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. Specials.Select((special, id) => (JsonNode)new JsonObject
            {
                ["id"] = id, ["content"] = special, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false,
                ["normalized"] = false, ["special"] = true,
            })]),
            ["normalizer"] = new JsonObject
            {
                ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = true,
                ["lowercase"] = true,
            },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece", ["unk_token"] = Unknown, ["continuing_subword_prefix"] = "##",
                ["max_input_chars_per_word"] = LongestWord,
                ["vocab"] = new JsonObject(_words.Select((word, id) => KeyValuePair.Create(word, (JsonNode?)id))),
            },
        };
        return JsonSerializer.SerializeToUtf8Bytes((JsonNode)file, Indented);
    }

    private static List<string> Words(string text)
    {
        var found = new List<string>();
        for (var words = new BertWords(Normalizer.Normalize(text)); words.MoveNext();)
        {
            found.Add(words.Current.ToString());
        }

        return found;
    }
}
