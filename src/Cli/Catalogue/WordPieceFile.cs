using System.Text.Json.Nodes;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>The <c>tokenizer.json</c> of an uncased BERT, for a model that is published with a list of words alone.</summary>
/// <remarks>As Hugging Face's converter of <c>BertTokenizer</c> writes it, without truncation and padding.</remarks>
internal static class WordPieceFile
{
    private static readonly string[] Special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// <param name="vocabulary">A word a line; the number of the line, from 0, is its id.</param>
    /// <exception cref="OperatorException">The vocabulary lacks one of the special words.</exception>
    public static async Task WriteAsync(string vocabulary, string target, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (var line in File.ReadLinesAsync(vocabulary, cancellationToken))
        {
            ids.TryAdd(line, ids.Count);
        }

        if (Array.Find(Special, word => !ids.ContainsKey(word)) is { } missing)
        {
            throw new OperatorException($"'{Path.GetFileName(vocabulary)}' lacks '{missing}'.");
        }

        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. Special.OrderBy(word => ids[word]).Select(word => new JsonObject
            {
                ["id"] = ids[word], ["content"] = word, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false,
                ["normalized"] = false, ["special"] = true,
            })]),
            ["normalizer"] = new JsonObject
            {
                ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = null,
                ["lowercase"] = true,
            },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(Mark("[CLS]", 0), Text("A", 0), Mark("[SEP]", 0)),
                ["pair"] = new JsonArray(Mark("[CLS]", 0), Text("A", 0), Mark("[SEP]", 0), Text("B", 1), Mark("[SEP]", 1)),
                ["special_tokens"] = new JsonObject { ["[CLS]"] = Token("[CLS]"), ["[SEP]"] = Token("[SEP]") },
            },
            ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = "##", ["cleanup"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["continuing_subword_prefix"] = "##", ["max_input_chars_per_word"] = 100,
                ["vocab"] = new JsonObject(ids.Select(word => KeyValuePair.Create(word.Key, (JsonNode?)JsonValue.Create(word.Value)))),
            },
        };
        await File.WriteAllTextAsync(target, tokenizer.ToJsonString(), cancellationToken);

        JsonObject Token(string word) => new()
        {
            ["id"] = word, ["ids"] = new JsonArray(ids[word]), ["tokens"] = new JsonArray(word),
        };
    }

    private static JsonObject Mark(string word, int type) =>
        new() { ["SpecialToken"] = new JsonObject { ["id"] = word, ["type_id"] = type } };

    private static JsonObject Text(string sequence, int type) =>
        new() { ["Sequence"] = new JsonObject { ["id"] = sequence, ["type_id"] = type } };
}
