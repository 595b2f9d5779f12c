using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tests.Tokenizers;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Rerank;

/// <summary>
/// A real worker with cross-encoders of random weights — <c>cross</c>, <c>multilingual</c> with a unigram tokenizer framed as
/// XLM-RoBERTa's, <c>steep</c> with logits beyond what a sigmoid in single precision tells apart — and tiny-embed imported as a
/// model with prefixes and smaller widths, <c>prefixed</c>.
/// </summary>
public sealed class RerankFixture : ImportedWorker
{
    public const string QueryPrefix = "query: ";
    public const string DocumentPrefix = "passage: ";

    /// <summary>The folders that the cross-encoders were imported from, by model.</summary>
    public IReadOnlyDictionary<string, string> Sources { get; } = ((string[])["cross", "multilingual", "steep"])
        .ToDictionary(name => name, name => Path.Combine(TestFolder.Create(name), "source"));

    protected override async Task<IReadOnlyList<string>> ImportAsync()
    {
        RandomCrossEncoder.Write(Sources["cross"], scale: 4);
        RandomCrossEncoder.Write(Sources["multilingual"], scale: 4, tokenizer: UnigramFile.Make("xlm-roberta"));
        RandomCrossEncoder.Write(Sources["steep"], scale: 3000);
        foreach (var (name, source) in Sources)
        {
            await ImportAsync(source, name, new ModelImportOptions());
        }

        await ImportAsync(Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx"), "prefixed", new ModelImportOptions
        {
            Dimensions = [128, 64], QueryPrefix = QueryPrefix, DocumentPrefix = DocumentPrefix,
        });
        return ["cross", "multilingual", "steep", "prefixed"];
    }

    public async Task<(HttpResponseMessage Response, JsonNode Answer)> PostAsync(string path, JsonObject body, Guid? request = null)
    {
        var response = await SendAsync(path, body, request);
        return (response, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>The answer to a ranking that succeeds.</summary>
    public async Task<JsonNode> RankAsync(
        string model, string query, IEnumerable<string> documents, params (string Name, JsonNode? Value)[] members)
    {
        var body = new JsonObject
        {
            ["model"] = model, ["query"] = query, ["documents"] = new JsonArray([.. documents.Select(text => (JsonNode)text)]),
        };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        var (response, answer) = await PostAsync("/v1/rerank", body);
        using (response)
        {
            Assert.True(response.IsSuccessStatusCode, answer.ToJsonString());
        }

        return answer;
    }

    private Task<InstalledModel> ImportAsync(string source, string name, ModelImportOptions options) =>
        ModelImport.RunAsync(source, name, Repository, options, progress: null, CancellationToken.None);
}
