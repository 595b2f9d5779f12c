using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tasks.Classification;

/// <summary>Folders of classifiers in the layout of the usual exporters, with the tokenizer of tiny-sentiment.</summary>
internal static class ClassifierFolder
{
    public const int Vocabulary = 11_905;

    public static readonly IFramedTokenizer Tokenizer = TokenizerFile.ReadFramed(
        File.ReadAllBytes(Path.Combine(ModelFiles.Defaults, "tiny-sentiment", "tokenizer.json")));

    /// <summary>Ids of a text with those that frame it.</summary>
    public static int[] Encode(string text)
    {
        List<int> ids = [.. Tokenizer.Frame.Prefix];
        Tokenizer.Encode(text, allowSpecial: false, ids);
        return [.. ids, .. Tokenizer.Frame.Suffix];
    }

    /// <summary>Writes configuration and tokenizer.</summary>
    /// <param name="change">Changes the configuration.</param>
    /// <returns>The folder.</returns>
    public static string WriteSettings(string folder, IReadOnlyList<string> labels, Action<JsonObject>? change = null)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray("BertForSequenceClassification"),
            ["id2label"] = new JsonObject(labels.Select((label, i) => KeyValuePair.Create($"{i}", (JsonNode?)label))),
            ["problem_type"] = null,
            ["vocab_size"] = Vocabulary,
            ["max_position_embeddings"] = 64,
        };
        change?.Invoke(config);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        File.Copy(Path.Combine(ModelFiles.Defaults, "tiny-sentiment", "tokenizer.json"), Path.Combine(folder, "tokenizer.json"), true);
        return folder;
    }

    /// <summary>Writes a graph whose logits are those that a table has for a text's first word.</summary>
    /// <param name="words">Logits of single words; those of all other words are 0.</param>
    public static void WriteTable(string folder, int labels, IReadOnlyDictionary<string, float[]> words, string output = "logits")
    {
        var table = new float[Vocabulary * labels];
        foreach (var (word, logits) in words)
        {
            logits.CopyTo(table, Encode(word)[1] * labels);
        }

        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_ids", typeof(long), "batch", "tokens");
        graph.Input("attention_mask", typeof(long), "batch", "tokens");
        graph.Initializer("table", table, Vocabulary, labels);
        graph.Initializer("second", new long[] { 1 });
        var rows = graph.Node("Gather", ["table", "input_ids"]);
        graph.Node("Gather", domain: "", [rows, "second"], [output], ("axis", 1));
        graph.Output(output, typeof(float), "batch", labels);
        Directory.CreateDirectory(folder);
        graph.Write(Path.Combine(folder, "model.onnx"));
    }

    public static void WriteModeration(string folder, string json) => File.WriteAllText(Path.Combine(folder, "moderation.json"), json);

    public static Task<InstalledModel> ImportAsync(string path, string name, string repository) =>
        ModelImport.RunAsync(path, name, repository, new(), progress: null, CancellationToken.None);

    public static JsonElement Section(InstalledModel model) => model.Manifest.Sections!["classification"];
}
