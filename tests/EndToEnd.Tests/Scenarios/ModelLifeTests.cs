using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Inference.Tests.Tasks.Tensors;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Versions of a model that change while customers call it, by the commands that an operator types.</summary>
[Collection(SharedTollgate.Name)]
public sealed class ModelLifeTests(SharedTollgate shared)
{
    private const int Columns = 4;
    private const int Outputs = 3;
    private const string VersionHeader = "x-tollgate-model-version";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Between two calls of one caller; all of them leave most of the key's requests a minute to the tests beside.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(120);

    private static readonly object Body = new
    {
        inputs = new[] { new { name = "x", shape = new[] { 1, Columns }, datatype = "FP32", data = new[] { 1, 2, 3, 4 } } },
    };

    private RunningTollgate Running => shared.Running;

    [Fact]
    public async Task A_slower_version_goes_back_by_itself_and_says_why()
    {
        const string Model = "canary-slow";
        await ImportAsync(Model, Fast);
        await ModelsAsync("weights", Model, "1=1");
        await ImportAsync(Model, Slow);

        await ModelsAsync("canary", Model, "2", "--steps", "50", "100", "--window", "15s", "--least", "20", "--latency", "2");
        var answers = await CallUntilAsync(Model, async () => (await ModelsAsync("history", Model)).Contains("rolled back", Ignored));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal(["1", "2"], answers.Select(answer => answer.Header(VersionHeader)).Distinct().Order());
        Assert.Contains("median", await ModelsAsync("history", Model), Ignored);
        Assert.Contains("version 2", await Running.Books.TextAsync(
            $"select subject from accounts.audit_entries where action = 'canary.rollback' and subject like '{Model}%'"), Ignored);
        await ServesAsync(Model, "1");
    }

    [Fact]
    public async Task A_version_that_does_no_worse_gets_all_requests()
    {
        const string Model = "canary-good";
        await ImportAsync(Model, Fast);
        await ModelsAsync("weights", Model, "1=1");
        await ImportAsync(Model, Fast);

        await ModelsAsync(
            "canary", Model, "2", "--steps", "20", "100", "--window", "5s", "--least", "20", "--latency", "50", "--errors", "50");
        var answers = await CallUntilAsync(Model, async () => (await ModelsAsync("history", Model)).Contains("done", Ignored));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        await ServesAsync(Model, "2");
    }

    [Fact]
    public async Task A_shadow_is_in_no_bill()
    {
        const string Model = "shadowed";
        const int Calls = 25;
        await ImportAsync(Model, Fast);
        await ModelsAsync("weights", Model, "1=1");
        await ImportAsync(Model, Slow);
        await ModelsAsync("shadow", Model, "2", "100");
        await Until.TrueAsync(
            async () => Ready(await ModelsAsync("versions", Model)) == 2, "both versions are in memory", Patience);
        var key = await Running.Internal.CreateKeyAsync(Model);
        using var client = Running.Client(key.Text);

        for (var i = 0; i < Calls; i++)
        {
            var answer = await client.PostAsync(Url(Model), Body);
            Assert.Equal((HttpStatusCode.OK, "1"), (answer.Status, answer.Header(VersionHeader)));
        }

        await Until.TrueAsync(
            async () => (await Running.Books.TextAsync(
                $"select coalesce(sum(requests), 0)::text from accounts.version_measures where model = '{Model}' and shadow")) != "0",
            "copies were measured", Patience);
        await Until.TrueAsync(async () => (await Running.Books.OfKeyAsync(key.KeyId)).Count == Calls, "every call has its row", Patience);
        Assert.Equal($"{Calls}", await Running.Books.TextAsync(
            $"select count(*)::text from billing.usage_events where model = '{Model}'"));
        Assert.All(await Running.Books.OfKeyAsync(key.KeyId), row => Assert.Equal(0.001m, row.Amount));
        await Running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task A_model_leaves_memory_under_load_and_comes_back()
    {
        const string Model = "comes-and-goes";
        await ImportAsync(Model, Slow);
        await ServesAsync(Model, "1"); // It is stated before it is loaded.
        for (var round = 0; round < 2; round++)
        {
            var unloading = UnloadAfterCallsAsync(Model);
            var answers = await CallUntilAsync(Model, async () => await IsUnloadedAsync(Model));
            await unloading;

            Assert.All(answers, answer => Assert.True(
                answer.Status == HttpStatusCode.OK || answer.Error.Code == "model_unloaded", answer.Body));
            Assert.Contains(answers, answer => answer.Status == HttpStatusCode.OK);
            await Until.TrueAsync(
                async () => Ready(await ModelsAsync("versions", Model)) == 0, "the model is out of memory", Patience);

            await ModelsAsync("load", Model);
            await ServesAsync(Model, "1");
        }
    }

    [Fact]
    public async Task A_model_whose_planned_version_was_removed_is_served_by_the_newest_with_a_warning()
    {
        const string Model = "removed-plan";
        await ImportAsync(Model, Fast);
        await ModelsAsync("weights", Model, "1=1");
        await ImportAsync(Model, Fast);
        await ServesAsync(Model, "1");

        Directory.Delete(Path.Combine(Running.Data, "models", Model, "1"), recursive: true);

        await ServesAsync(Model, "2");
        await Until.TrueAsync(
            async () => (await ModelsAsync("versions", Model)).Contains(
                "Warning: No worker has a version of its plan (1). Version 2, the newest that there is, answers instead.", Ignored),
            "the warning", Patience);
    }

    [Fact]
    public async Task A_broken_version_leaves_the_old_one_in_place()
    {
        const string Model = "unsound-next";
        await ImportAsync(Model, Fast);
        await ServesAsync(Model, "1"); // It is stated before it is loaded.
        var (old, broken) = (Path.Combine(Running.Data, "models", Model, "1"), Path.Combine(Running.Data, "models", Model, "2"));
        var draft = Path.Combine(TestFolder.Create(Model), "2");
        (await ProgramRun.RunAsync("/bin/cp", ["-a", old, draft])).Succeeded();
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(draft, "model.json")))!;
        manifest["version"] = "2";
        await File.WriteAllTextAsync(Path.Combine(draft, "model.json"), manifest.ToJsonString());
        await File.WriteAllTextAsync(Path.Combine(draft, "model.onnx"), "no graph");
        (await ProgramRun.RunAsync("/bin/cp", ["-a", draft, broken])).Succeeded();

        var answers = await CallUntilAsync(Model, async () => (await ModelsAsync("versions", Model)).Contains("broken", Ignored));

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.OK, "1"), (answer.Status, answer.Header(VersionHeader))));
        Assert.Contains("model.onnx", await ModelsAsync("versions", Model), Ignored);
    }

    private static StringComparison Ignored => StringComparison.OrdinalIgnoreCase;

    private static string Fast(string folder) => TensorModels.WriteProduct(folder, Columns, Outputs);

    private static string Slow(string folder) => TensorModels.WriteSlowProduct(folder, Columns, Outputs, steps: 5_000);

    private static string Url(string model) => $"/v2/models/{model}/infer";

    /// <summary>How many versions of a table are ready.</summary>
    private static int Ready(string table) => table.Split("ready", StringSplitOptions.None).Length - 1;

    private async Task ImportAsync(string model, Func<string, string> write)
    {
        var file = write(TestFolder.Create(model));
        (await Running.Commands.RunAsync(
            "models", "import", file, "--name", model, "--price-request", "0.001", "--price-elements", "0")).Succeeded();
        var newest = Directory.EnumerateDirectories(Path.Combine(Running.Data, "models", model)).Count();
        await Until.TrueAsync(
            async () => (await Running.Commands.RunAsync("models", "versions", model)) is { ExitCode: 0, Output: var table }
                && table.Contains($"{model,-32} {newest} ", StringComparison.Ordinal),
            "the worker states the new version", Patience);
    }

    private async Task<string> ModelsAsync(params string[] arguments) =>
        (await Running.Commands.RunAsync(["models", .. arguments])).Succeeded();

    /// <summary>Waits until three calls in a row are answered by a version.</summary>
    private async Task ServesAsync(string model, string version)
    {
        using var client = Running.Client();
        var inARow = 0;
        await Until.TrueAsync(
            async () =>
            {
                var answer = await client.PostAsync(Url(model), Body);
                inARow = answer.Status == HttpStatusCode.OK && answer.Header(VersionHeader) == version ? inARow + 1 : 0;
                return inARow == 3;
            },
            $"version {version} answers", Patience);
    }

    private async Task<bool> IsUnloadedAsync(string model)
    {
        using var client = Running.Client();
        return (await client.PostAsync(Url(model), Body)).Status == HttpStatusCode.ServiceUnavailable;
    }

    private async Task UnloadAfterCallsAsync(string model)
    {
        await ServesAsync(model, "1");
        await ModelsAsync("unload", model);
    }

    /// <summary>Calls a model, three at once, until something holds. Returns all answers.</summary>
    private async Task<IReadOnlyCollection<ApiAnswer>> CallUntilAsync(string model, Func<Task<bool>> holds)
    {
        var answers = new ConcurrentBag<ApiAnswer>();
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            using var client = Running.Client();
            while (!stop.IsCancellationRequested)
            {
                answers.Add(await client.PostAsync(Url(model), Body));
                await Task.Delay(Pace);
            }
        })).ToList();
        try
        {
            await Until.TrueAsync(holds, "the calls had their effect", Patience);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(callers);
        }

        return answers;
    }
}
