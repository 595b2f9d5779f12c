using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tollgate.Contracts.Federated;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Tests.Deployments;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Gateway.Tests.Responses;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>What a project has stored × every route × keys of another project and of another organization.</summary>
public sealed partial class StoredTenancyTests(DeploymentFixture system) : IClassFixture<DeploymentFixture>
{
    private const string Line =
        """
        {"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"Hi"}]}}
        """;

    private const string Examples = "{\"text\":\"I like it\",\"label\":\"good\"}\n{\"text\":\"I hate it\",\"label\":\"bad\"}\n";

    private GatewayUnderTest Gateway => system.Gateway;

    [Fact]
    public void Every_route_of_every_endpoint_has_a_row_or_runs_a_model()
    {
        var routes = PublicEndpoint.All.SelectMany(endpoint => endpoint.Routes)
            .Where(route => !RunsModel(route)).Select(route => Generic($"{route.Method} {route.Path}"));
        var rows = StoredTenancyTable.Rows.Select(
            row => Generic(row.Route.Replace("/versions/1", "/versions/{version}", StringComparison.Ordinal)));

        Assert.Equal(routes.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Another_project_and_another_organization_find_nothing_by_any_route_and_the_project_still_has_it_all()
    {
        var mine = await system.CreateKeyAsync();
        var sibling = await system.CreateKeyAsync(key => key with { OrganizationId = mine.Record.OrganizationId });
        var other = await system.CreateKeyAsync();
        var ids = await StoreAsync(mine);
        List<string> faults = [];

        foreach (var (key, name) in new[] { (sibling, "another project"), (other, "another organization") })
        {
            foreach (var row in StoredTenancyTable.Rows.Where(row => row.Foreign is not null))
            {
                var (status, text) = await SendAsync(key, row, ids);
                faults.AddRange(status == row.Foreign ? [] : [$"{row.Route} for {name}: {status}, not {row.Foreign}: {text}"]);
                if (status == 200 && ids.Values.FirstOrDefault(id => text.Contains(id, StringComparison.Ordinal)) is { } shown)
                {
                    faults.Add($"{row.Route} for {name} shows {shown}");
                }
            }
        }

        foreach (var row in StoredTenancyTable.Rows.Where(row => row.Own is not null))
        {
            var (status, text) = await SendAsync(mine, row, ids);
            faults.AddRange(status == row.Own ? [] : [$"{row.Route} for the project itself: {status}, not {row.Own}: {text}"]);
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public async Task A_trained_model_and_its_name_are_unknown_to_others_at_every_endpoint_that_runs_a_model()
    {
        var mine = await system.CreateKeyAsync();
        var sibling = await system.CreateKeyAsync(key => key with { OrganizationId = mine.Record.OrganizationId });
        var other = await system.CreateKeyAsync();
        var model = await system.TrainAsync(mine);
        await system.DeployAsync(mine, model, "hidden-mood");
        List<string> faults = [];

        foreach (var call in EveryTask.Calls)
        {
            foreach (var name in (string[])[model, "hidden-mood"])
            {
                foreach (var key in (TestKey[])[sibling, other])
                {
                    var stolen = call with
                    {
                        Model = name, Body = Rename(call.Body, call.Model, name), Query = Rename(call.Query, call.Model, name),
                    };
                    using var response = await Gateway.Http.SendAsync(stolen.Make(key));
                    var text = await response.Content.ReadAsStringAsync();
                    faults.AddRange((int)response.StatusCode == 404 ? [] : [$"{call.Api.Scope} {name}: {response.StatusCode} {text}"]);
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.Equal(200, (await system.ClassifyAsync(mine, "hidden-mood")).Status);
    }

    private static bool RunsModel(PublicRoute route) => route.Method == "POST"
        && EveryTask.Calls.Any(call => call.Api.Task is not null && call.Api.Routes.Contains(route))
        && !route.Path.Contains("{response}", StringComparison.Ordinal);

    private static string Rename(string text, string model, string name) => text.Replace(model, name, StringComparison.Ordinal);

    /// <summary>One of everything that a project can store; the ids by the names of the table.</summary>
    private async Task<Dictionary<string, string>> StoreAsync(TestKey key)
    {
        var ids = new Dictionary<string, string>();
        var response = StoreBench.NewId();
        Assert.True(await new StoreBench(Gateway, key).KeepAsync(response, "q", "a"));
        ids["response"] = StoreBench.NameOf(response);
        ids["file"] = await UploadAsync(key, "fine-tune", Examples);
        ids["batchFile"] = await UploadAsync(key, "batch", Line);
        ids["deletedFile"] = await UploadAsync(key, "batch", Line);
        await JsonAsync(key, "DELETE", $"/v1/files/{ids["deletedFile"]}");
        var upload = """{"filename":"big.jsonl","purpose":"user_data","bytes":1,"mime_type":"application/jsonl"}""";
        ids["upload"] = await IdAsync(key, "/v1/uploads", Json(upload));
        ids["part"] = await IdAsync(
            key, $"/v1/uploads/{ids["upload"]}/parts", new MultipartFormDataContent { { new ByteArrayContent([1]), "data", "part" } });
        ids["batch"] = await IdAsync(key, "/v1/batches", Json(Fill(
            """{"input_file_id":"{batchFile}","endpoint":"/v1/chat/completions","completion_window":"24h"}""", ids)));
        ids["deletedModel"] = await system.TrainAsync(key);
        await JsonAsync(key, "DELETE", $"/v1/fine_tuning/models/{ids["deletedModel"]}");
        ids["model"] = await system.TrainAsync(key);
        ids["deployment"] = "stored-mood";
        await system.DeployAsync(key, ids["model"], ids["deployment"]);
        ids["job"] = (await JsonAsync(key, "GET", "/v1/fine_tuning/jobs")).GetProperty("data")[0].GetProperty("id").GetString()!;
        await TrainTogetherAsync(key, ids);
        return ids;
    }

    /// <summary>A federated training, and a message that a participant could send to it.</summary>
    private async Task TrainTogetherAsync(TestKey key, Dictionary<string, string> ids)
    {
        var keys = Enumerable.Range(0, 3).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256)).ToArray();
        var order = new JsonObject
        {
            ["base_model"] = new JsonObject { ["name"] = "m", ["sha256"] = new string('a', 64), ["width"] = 4 },
            ["labels"] = new JsonArray("a", "b"),
            ["minimum"] = 3,
            ["participants"] = new JsonArray(
            [
                .. keys.Select((one, place) => (JsonNode)new JsonObject
                {
                    ["name"] = $"p{place}", ["public_key"] = Convert.ToBase64String(one.ExportSubjectPublicKeyInfo()),
                }),
            ]),
        };
        var job = await JsonAsync(key, "POST", "/v1/fine_tuning/federated", Json(order.ToJsonString()));
        ids["federated"] = job.GetProperty("id").GetString()!;
        var message = RoundContext.BeforeRounds(job.GetProperty("task_sha256").GetString()!).Sign(2, FederatedPhase.Join, [], keys[1]);
        ids["message"] = JsonSerializer.Serialize(message, FederatedJson.Default.FederatedMessage);
    }

    private async Task<(int Status, string Text)> SendAsync(TestKey key, StoredRow row, Dictionary<string, string> ids)
    {
        var (method, path) = (row.Route.Split(' ')[0], row.Route.Split(' ')[1]);
        var content = path.EndsWith("/parts", StringComparison.Ordinal)
            ? new MultipartFormDataContent { { new ByteArrayContent([1]), "data", "part" } }
            : method == "POST" ? (HttpContent)Json(Fill(row.Body ?? "{}", ids)) : null;
        using var response = await SendAsync(key, method, Fill(path, ids) + row.Query, content);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<string> UploadAsync(TestKey key, string purpose, string text) => await IdAsync(
        key, "/v1/files", new MultipartFormDataContent
        {
            { new StringContent(purpose), "purpose" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(text)), "file", "a.jsonl" },
        });

    private async Task<string> IdAsync(TestKey key, string path, HttpContent content) =>
        (await JsonAsync(key, "POST", path, content)).GetProperty("id").GetString()!;

    private async Task<JsonElement> JsonAsync(TestKey key, string method, string path, HttpContent? content = null)
    {
        using var response = await SendAsync(key, method, path, content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonElement.Parse(text);
    }

    private Task<HttpResponseMessage> SendAsync(TestKey key, string method, string path, HttpContent? content) =>
        Gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = content, Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key.Text) },
        });

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private static string Fill(string text, Dictionary<string, string> ids) =>
        Names().Replace(text, match => ids[match.Groups[1].Value]);

    private static string Generic(string route) => Names().Replace(route, "{}");

    [GeneratedRegex(@"\{\**([a-zA-Z]+)\}")]
    private static partial Regex Names();
}
