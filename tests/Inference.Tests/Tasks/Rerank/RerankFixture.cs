using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tests.Tokenizers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Rerank;

/// <summary>
/// A real worker with cross-encoders of random weights — <c>cross</c>, <c>multilingual</c> with a unigram tokenizer framed as
/// XLM-RoBERTa's, <c>steep</c> with logits beyond what a sigmoid in single precision tells apart — and tiny-embed imported as a
/// model with prefixes and smaller widths, <c>prefixed</c>.
/// </summary>
public sealed class RerankFixture : IAsyncLifetime
{
    public const string QueryPrefix = "query: ";
    public const string DocumentPrefix = "passage: ";

    private WebApplication? _app;

    public HttpClient Gateway { get; private set; } = null!;

    /// <summary>The folders that the cross-encoders were imported from, by model.</summary>
    public IReadOnlyDictionary<string, string> Sources { get; } = ((string[])["cross", "multilingual", "steep"])
        .ToDictionary(name => name, name => Path.Combine(TestFolder.Create(name), "source"));

    internal string Repository { get; } = TestFolder.Create("repository");

    public async Task InitializeAsync()
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
        _app = InferenceApp.Create(WorkerFixture.Arguments(Repository, TestFolder.Create("worker")));
        await _app.StartAsync();
        Gateway = WorkerFixture.Client(_app.Url(ListenerKind.Internal));
        foreach (var name in new[] { "cross", "multilingual", "steep", "prefixed" })
        {
            await WorkerFixture.WaitForModelAsync(Gateway, name);
        }
    }

    public async Task DisposeAsync()
    {
        Gateway.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
    }

    public async Task<(HttpResponseMessage Response, JsonNode Answer)> PostAsync(string path, JsonObject body, Guid? request = null)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, (request ?? Guid.NewGuid()).ToString("N"));
        message.Headers.Add(WorkerHeaders.Attempt, "1");
        var response = await Gateway.SendAsync(message);
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
