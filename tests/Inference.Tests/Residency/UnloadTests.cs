using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Residency;

public sealed class UnloadTests
{
    [SharedFact("models/smollm2-135m-instruct")]
    public async Task The_worker_s_memory_falls_when_a_model_is_unloaded_and_falls_again_after_the_next_load()
    {
        var repository = TestFolder.Create("repository");
        var installed = await ModelImport.RunAsync(
            ModelFiles.SharedModel("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), "m", repository, new(),
            progress: null, CancellationToken.None);
        var fileBytes = installed.Manifest.Files.Sum(file => file.Bytes);
        await using var accounts = await CatalogueResponder.StartAsync();
        using var worker = await WorkerProcess.StartAsync(
            repository, TestFolder.Create("worker"), $"--Services:accounts={accounts.Url}");

        for (var round = 0; round < 2; round++)
        {
            accounts.Plan(new ModelPlan("m", Unloaded: false, []));
            await WorkerFixture.WaitForModelAsync(worker.Gateway, "m");
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(worker)).Status);
            var loaded = worker.ResidentBytes;

            accounts.Plan(new ModelPlan("m", Unloaded: true, []));
            await Until.TrueAsync(
                () => Task.FromResult(loaded - worker.ResidentBytes >= fileBytes / 2), "memory falls", TimeSpan.FromSeconds(10));

            Assert.False((await WorkerFixture.StatusAsync(worker.Gateway)).Models.Single().Ready);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, OpenAiError.ModelNotLoadedCode), await AskAsync(worker));
        }
    }

    private static async Task<(HttpStatusCode Status, string? Code)> AskAsync(WorkerProcess worker)
    {
        using var response = await worker.Gateway.PostAsJsonAsync(
            "/v1/completions", new { model = "m", prompt = "Hello", max_tokens = 8, temperature = 0 });
        return (response.StatusCode, (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]?["code"]);
    }
}
