using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Graphs;

namespace Tollgate.Training.Export;

/// <summary>A classifier as a folder that the importer takes: <c>model.onnx</c>, <c>config.json</c>, <c>tokenizer.json</c>.</summary>
/// <param name="Graph">From token ids and mask to logits.</param>
/// <param name="Names">Labels by number.</param>
/// <param name="TokenizerFile">The <c>tokenizer.json</c>.</param>
/// <param name="VocabularySize">Ids that the graph knows.</param>
/// <param name="MostTokens">Longest row, the frame included.</param>
internal sealed record ServedClassifier(ModelGraph Graph, string[] Names, byte[] TokenizerFile, int VocabularySize, int MostTokens)
{
    public const string GraphName = "model.onnx";

    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the three files.</summary>
    /// <param name="architecture">Such as <c>Bert</c>.</param>
    public async Task WriteAsync(string folder, string architecture, CancellationToken cancellationToken)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray($"{architecture}ForSequenceClassification"),
            ["model_type"] = architecture.ToLowerInvariant(),
            ["problem_type"] = "single_label_classification",
            ["num_labels"] = Names.Length,
            ["id2label"] = new JsonObject(Names.Select((name, id) => KeyValuePair.Create($"{id}", (JsonNode?)name))),
            ["label2id"] = new JsonObject(Names.Select((name, id) => KeyValuePair.Create(name, (JsonNode?)id))),
            ["max_position_embeddings"] = MostTokens,
            ["vocab_size"] = VocabularySize,
        };
        await File.WriteAllBytesAsync(Path.Combine(folder, GraphName), Graph.ToModel(), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), config.ToJsonString(Indented), cancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(folder, "tokenizer.json"), TokenizerFile, cancellationToken);
    }
}
