using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Learning;
using Tollgate.Learning.Callers;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Batches;

/// <summary>A Learning that runs batches against a <see cref="ScriptedGateway"/>, called as a gateway calls it.</summary>
internal sealed class BatchBench(LearningFixture learning, ScriptedGateway gateway, WebApplication app, HttpClient http) : IAsyncDisposable
{
    public const string Chat = "/v1/chat/completions";
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly List<WebApplication> _others = [];
    public const string KeyPublicId = "pubid0000001";

    public ScriptedGateway Gateway => gateway;

    public WebApplication App => app;

    /// <summary>Whose batches they are.</summary>
    public FileCaller Caller { get; init; } = LearningFixture.NewCaller();

    /// <param name="more">Other settings.</param>
    public static async Task<BatchBench> StartAsync(LearningFixture learning, params string[] more)
    {
        var gateway = await ScriptedGateway.StartAsync();
        var (app, http) = await learning.StartAsync([.. Settings(gateway), .. more]);
        return new BatchBench(learning, gateway, app, http);
    }

    /// <summary>Settings of an instance that asks a gateway.</summary>
    public static string[] Settings(ScriptedGateway gateway) =>
    [
        $"--Services:gateway={gateway.Url}", $"--Services:billing={gateway.Url}", "--Batches:Every=00:00:00.050",
        "--Batches:LongestPause=00:00:00.050", "--Batches:BatchConcurrency=4",
    ];

    /// <summary>Lines whose custom ids and texts are the numbers from 1.</summary>
    public static string Lines(int count, string url = Chat) => string.Concat(Enumerable.Range(1, count).Select(i => Line($"{i}", i, url)));

    public static string Line(string id, int number, string url = Chat, string more = "") =>
        $$$"""
        {"custom_id":"{{{id}}}","method":"POST","url":"{{{url}}}","body":{{{Body(number, more)}}}}

        """;

    private static string Body(int number, string more) =>
        $$"""{"model":"m"{{more}},"messages":[{"role":"user","content":"{{number}}"}]}""";

    public async Task<string> UploadAsync(string lines, FileCaller? caller = null, string purpose = "batch")
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(lines);
        return (await learning.CreateAsync(caller ?? Caller, bytes, purpose, http: http)).GetProperty("id").GetString()!;
    }

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? content = null, FileCaller? caller = null, string scopes = LearningHeaders.AllScopes)
    {
        var request = LearningFixture.Request(caller ?? Caller, method, path, content);
        request.Headers.Add(LearningHeaders.KeyPublicId, KeyPublicId);
        request.Headers.Add(LearningHeaders.KeyScopes, scopes);
        return http.SendAsync(request);
    }

    public Task<HttpResponseMessage> OrderAsync(
        string file, string endpoint = Chat, string more = "", string scopes = LearningHeaders.AllScopes) =>
        SendAsync(HttpMethod.Post, "/v1/batches", Order(file, endpoint, more), scopes: scopes);

    public static HttpContent Order(string file, string endpoint = Chat, string more = "") => LearningFixture.Json(
        $$"""{"input_file_id":"{{file}}","endpoint":"{{endpoint}}","completion_window":"24h"{{more}}}""");

    /// <summary>Makes a batch of a new file and returns its id.</summary>
    public async Task<string> CreateAsync(string lines, string more = "")
    {
        using var response = await OrderAsync(await UploadAsync(lines), more: more);
        return (await LearningFixture.JsonAsync(response, 200)).GetProperty("id").GetString()!;
    }

    public async Task<JsonElement> ShowAsync(string id)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/v1/batches/{id}");
        return await LearningFixture.JsonAsync(response, 200);
    }

    public async Task<JsonElement> CancelAsync(string id)
    {
        using var response = await SendAsync(HttpMethod.Post, $"/v1/batches/{id}/cancel");
        return await LearningFixture.JsonAsync(response, 200);
    }

    /// <summary>The batch in a status; its counts are within their bounds all the time.</summary>
    public async Task<JsonElement> UntilAsync(string id, string status)
    {
        var batch = default(JsonElement);
        await Until.TrueAsync(
            async () =>
            {
                batch = await ShowAsync(id);
                var (total, completed, failed) = Counts(batch);
                Assert.True(completed + failed <= total, $"{batch}");
                return batch.GetProperty("status").GetString() == status;
            },
            $"{id} is {status}", Patience);
        return batch;
    }

    /// <summary>The batch when its cost is known.</summary>
    public async Task<JsonElement> UntilPricedAsync(string id)
    {
        var batch = default(JsonElement);
        await Until.TrueAsync(
            async () => (batch = await ShowAsync(id)).GetProperty("cost_usd").ValueKind == JsonValueKind.String, $"{id} has a cost",
            Patience);
        return batch;
    }

    /// <summary>Lines of a file of a batch in their order; none without a file.</summary>
    /// <param name="member"><c>output_file_id</c> or <c>error_file_id</c>.</param>
    public async Task<IReadOnlyList<JsonElement>> ReadAsync(JsonElement batch, string member) =>
        batch.GetProperty(member).GetString() is not { } id ? []
            :
            [
                .. System.Text.Encoding.UTF8.GetString(await learning.DownloadAsync(Caller, id))
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)),
            ];

    public static (int Total, int Completed, int Failed) Counts(JsonElement batch)
    {
        var counts = batch.GetProperty("request_counts");
        return (Of("total"), Of("completed"), Of("failed"));

        int Of(string name) => counts.GetProperty(name).GetInt32();
    }

    public static IEnumerable<string> Ids(IEnumerable<JsonElement> lines) =>
        lines.Select(line => line.GetProperty("custom_id").GetString()!);

    public static IEnumerable<string> Codes(IEnumerable<JsonElement> lines) =>
        lines.Select(line => line.GetProperty("error").GetProperty("code").GetString()!);

    /// <summary>Another process on the same database, which this one ends.</summary>
    public async Task StartAnotherAsync() => _others.Add((await learning.StartAsync(Settings(gateway))).App);

    public async ValueTask DisposeAsync()
    {
        foreach (var one in (WebApplication[])[app, .. _others])
        {
            await learning.EndAsync(one); // It would run the batches of the next test.
        }

        await gateway.DisposeAsync();
    }
}
