using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>Classifiers at the gateway: <c>/v1/classifications</c>, <c>/predict</c>, <c>/v1/moderations</c>.</summary>
public sealed class ClassificationEndpointsTests : IAsyncLifetime
{
    private const string Answer = """{"label":1,"label_name":"positive","score":0.98}""";
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayUnderTest.StartAsync();
        _gateway.Worker.Status = ScriptedWorker.StatusOf("worker-1") with
        {
            Models =
            [
                .. ScriptedWorker.StatusOf("worker-1").Models,
                new ServedModel(Card("tiny-sentiment", moderates: false), true, 0, 0, 0),
                new ServedModel(Card("text-guard", moderates: true), true, 0, 0, 0),
            ],
        };
        _gateway.Worker.Script = call => call.AnswerAsync(Answer, new Units(6));
        _gateway.Plane.Prices.Publish(new PriceSnapshot(
            [Price("tiny-sentiment", 3), Price("text-guard", 4), Price("tiny-embed", 2), Price("tiny-assistant", 1)]));
        await Until.TrueAsync(() => _gateway.Pool.Cards.Count == 5, "the classifiers' cards");
        await NameAsync(("predict", "tiny-sentiment"));
    }

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [Theory]
    [InlineData("/predict", null)]
    [InlineData("/predict", "application/json")]
    [InlineData("/predict", "application/x-www-form-urlencoded")]
    [InlineData("/predict", "text/plain;charset=UTF-8")]
    [InlineData("/v1/predict", "application/json")]
    [InlineData("/predict/", "application/json")]
    public async Task A_prediction_is_taken_whatever_a_client_calls_its_json_and_is_billed(string path, string? type)
    {
        var key = await _gateway.CreateKeyAsync();

        using var response = await PostAsync(key, path, """{"data":"I love it"}""", type);

        Assert.Equal(Answer, await response.Content.ReadAsStringAsync());
        Assert.Equal("tiny-sentiment", response.Headers.GetValues("openai-model").Single());
        var call = _gateway.Worker.Calls.Last();
        Assert.Equal(("/predict", """{"model":"tiny-sentiment","data":"I love it"}"""), (call.Path, call.Body));
        Assert.Contains("application/json", call.Head, StringComparison.OrdinalIgnoreCase);
        var row = await _gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal(("predict", "tiny-sentiment", new Units(6)), (row.Endpoint, row.Model, row.Units));
    }

    [Theory]
    [InlineData("/predict", "multipart/form-data; boundary=x")]
    [InlineData("/predict", "text/plain;charset=utf-16")]
    [InlineData("/predict", "application/xml")]
    [InlineData("/v1/classifications", "text/plain")]
    [InlineData("/v1/classifications", "application/x-www-form-urlencoded")]
    [InlineData("/v1/moderations", "text/plain")]
    public async Task Other_types_of_content_are_refused(string path, string type)
    {
        using var response = await PostAsync(await _gateway.CreateKeyAsync(), path, """{"data":"x"}""", type);

        await ErrorTests.AssertErrorAsync(response, 415, "unsupported_content_type");
    }

    [Fact]
    public async Task A_form_is_no_json()
    {
        using var response = await PostAsync(
            await _gateway.CreateKeyAsync(), "/predict", "data=I+love+it", "application/x-www-form-urlencoded");

        await ErrorTests.AssertErrorAsync(response, 400, null);
    }

    [Theory]
    [InlineData("/predict?model=text-guard", """{"data":"x"}""", "text-guard", """{"model":"text-guard","data":"x"}""")]
    [InlineData("/predict", """{"data":"x","model":"text-guard"}""", "text-guard", """{"data":"x","model":"text-guard"}""")]
    [InlineData("/predict?model=predict", """{"data":["x"]}""", "tiny-sentiment", """{"model":"tiny-sentiment","data":["x"]}""")]
    public async Task The_model_of_a_prediction_comes_from_the_url_or_the_body(string path, string body, string model, string sent)
    {
        using var response = await PostAsync(await _gateway.CreateKeyAsync(), path, body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(model, response.Headers.GetValues("openai-model").Single());
        Assert.Equal(sent, _gateway.Worker.Calls.Last().Body);
    }

    [Theory]
    [InlineData("/predict?model=nobody", """{"data":"x"}""", 404, "model_not_found")]
    [InlineData("/predict?model=tiny-embed", """{"data":"x"}""", 404, "model_not_supported")]
    [InlineData("/predict?model=a", """{"data":"x","model":"b"}""", 400, "invalid_value")]
    [InlineData("/predict?model=", """{"data":"x"}""", 400, "invalid_value")]
    [InlineData("/v1/classifications", """{"model":"tiny-embed","input":"x"}""", 404, "model_not_supported")]
    [InlineData("/v1/classifications", """{"model":"nobody","input":"x"}""", 404, "model_not_found")]
    [InlineData("/v1/moderations", """{"model":"tiny-sentiment","input":"x"}""", 404, "model_not_supported")]
    [InlineData("/v1/moderations", """{"model":"nobody","input":"x"}""", 404, "model_not_found")]
    [InlineData("/v1/embeddings", """{"model":"tiny-sentiment","input":"x"}""", 404, "model_not_supported")]
    public async Task A_model_that_does_not_fit_is_refused(string path, string body, int status, string code)
    {
        using var response = await PostAsync(await _gateway.CreateKeyAsync(), path, body);

        await ErrorTests.AssertErrorAsync(response, status, code);
        Assert.Empty(_gateway.Worker.Calls);
    }

    [Fact]
    public async Task Without_the_default_model_the_error_tells_how_to_install_one()
    {
        await NameAsync(("other", "tiny-sentiment"));
        var key = await _gateway.CreateKeyAsync();

        using var predict = await PostAsync(key, "/predict", """{"data":"x"}""");
        using var moderation = await PostAsync(key, "/v1/moderations", """{"input":"x"}""");

        await ErrorTests.AssertErrorAsync(predict, 404, "model_not_found");
        var how = await predict.Content.ReadAsStringAsync();
        Assert.Contains("models import FOLDER", how, StringComparison.Ordinal);
        Assert.Contains("alias 'predict'", how, StringComparison.Ordinal);
        Assert.Contains("?model=NAME", how, StringComparison.Ordinal);
        await ErrorTests.AssertErrorAsync(moderation, 404, "model_not_found");
        how = await moderation.Content.ReadAsStringAsync();
        Assert.Contains("moderation.json", how, StringComparison.Ordinal);
        Assert.Contains("alias 'omni-moderation-latest'", how, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/rerank", """{"model":"nobody","query":"x","documents":["y"]}""", null)] // A model of embeddings ranks.
    [InlineData("/v1/chat/completions", """{"model":"nobody","messages":[{"role":"user","content":"x"}]}""", null)]
    [InlineData("/v1/images/generations", """{"model":"nobody","prompt":"x"}""", "Diffusers ONNX layout")]
    [InlineData("/v1/images/generations", """{"model":"tiny-embed","prompt":"x"}""", "Diffusers ONNX layout")]
    [InlineData("/v1/images/classifications",
        """{"model":"nobody","image":"R0lGODdhAwACAIEAAP8AAAD/AAAA/////ywAAAAAAwACAAAICQABBBAgIACAgAA7"}""",
        "Optimum ONNX export of an image classifier")]
    public async Task An_endpoint_without_any_model_says_how_the_operator_installs_one(string path, string body, string? source)
    {
        using var response = await PostAsync(await _gateway.CreateKeyAsync(), path, body);
        var error = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error");
        var message = error.GetProperty("message").GetString()!;

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(source is not null, message.Contains(ModelSources.Command, StringComparison.Ordinal));
        Assert.Contains(source ?? "does not exist or you do not have access to it.", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_moderation_without_a_model_reaches_the_operators_alias()
    {
        await NameAsync(("omni-moderation-latest", "text-guard"));

        using var response = await PostAsync(await _gateway.CreateKeyAsync(), "/v1/moderations", """{"input":["x"]}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var call = _gateway.Worker.Calls.Single();
        Assert.Equal(("/v1/moderations", """{"model":"text-guard","input":["x"]}"""), (call.Path, call.Body));
    }

    [Theory]
    [InlineData("/v1/classifications", """{"model":"tiny-sentiment","input":"x"}""", "classifications")]
    [InlineData("/predict", """{"data":"x"}""", "predict")]
    [InlineData("/v1/moderations", """{"model":"text-guard","input":"x"}""", "moderations")]
    public async Task Each_endpoint_has_a_scope_of_its_own(string path, string body, string scope)
    {
        var others = PublicEndpoint.All.Select(endpoint => endpoint.Scope).Where(name => name != scope).ToArray();
        var without = await _gateway.CreateKeyAsync(record => record with { Scopes = others });
        var with = await _gateway.CreateKeyAsync(record => record with { Scopes = [scope] });

        using var refused = await PostAsync(without, path, body);
        using var taken = await PostAsync(with, path, body);

        await ErrorTests.AssertErrorAsync(refused, 403, "missing_scope");
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    private static ModelCard Card(string name, bool moderates) => new()
    {
        Name = name,
        Version = "1",
        Task = "classification",
        ContextLength = 512,
        DefaultMaxOutput = 0,
        Measure = new PromptMeasure(1, TextTokens: 2, IdTokens: 2, Chat: null),
        Moderates = moderates,
    };

    private static ModelPrice Price(string model, int number) => new(
        model, new Guid($"0195aaaa-0000-7000-8000-00000000000{number}"), DateTimeOffset.UnixEpoch, null, new(20_000, 0, 0, 0, 0, 0));

    /// <summary>Makes this the only alias, and waits until the gateway and its prices follow.</summary>
    private async Task NameAsync((string Alias, string Model) alias)
    {
        _gateway.Plane.Catalogue.Publish(new CatalogueSnapshot(new Dictionary<string, string> { [alias.Alias] = alias.Model }, []));
        var key = await _gateway.CreateKeyAsync(record => record with { Limits = Limits.None });
        await Until.TrueAsync(
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/models/{alias.Alias}")
                {
                    Headers = { Authorization = key.Bearer },
                };
                using var priced = await PostAsync(key, "/v1/classifications", $$"""{"model":"{{alias.Model}}","input":"x"}""");
                return priced.IsSuccessStatusCode && (await _gateway.Http.SendAsync(request)).IsSuccessStatusCode;
            },
            $"the alias {alias.Alias}");
        _gateway.Worker.Calls.Clear();
    }

    private async Task<HttpResponseMessage> PostAsync(TestKey key, string path, string json, string? type = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Headers = { Authorization = key.Bearer },
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json)),
        };
        request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        return await _gateway.Http.SendAsync(request);
    }
}
