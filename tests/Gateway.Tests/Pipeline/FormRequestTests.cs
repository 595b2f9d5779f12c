using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Endpoints;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Pipeline;

/// <summary>Forms take the one way of every request, from the key to the usage row.</summary>
public sealed class FormRequestTests(FormRequestTests.Bench bench) : IClassFixture<FormRequestTests.Bench>
{
    private const string Path = "/v1/hear";

    private GatewayUnderTest Gateway => bench.Gateway;

    [Fact]
    public async Task The_worker_gets_the_form_with_the_models_real_name_and_the_request_is_billed()
    {
        var key = await Gateway.CreateKeyAsync();
        var text = $"a\r\n--not-the-boundary\r\n{Guid.NewGuid()}";

        using var response = await PostAsync(key, Form("text-embedding-ada-002", text));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var call = Assert.Single(Gateway.Worker.Calls, call => call.Body.Contains(text, StringComparison.Ordinal));
        Assert.Equal("/v1/hear", call.Path);
        Assert.Contains("Content-Type: multipart/form-data; boundary=\"", call.Head, StringComparison.Ordinal);
        Assert.Contains("\r\n\r\ntiny-embed\r\n", call.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("text-embedding-ada-002", call.Body, StringComparison.Ordinal);
        var row = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.Completed, new Units(9), "tiny-embed"), (row.Outcome, row.Units, row.Model));
    }

    [Theory]
    [InlineData(Path, "{}", "application/json", "'multipart/form-data'.")]
    [InlineData(Path, "x", null, "'multipart/form-data'.")]
    [InlineData("/v1/embeddings", "--b--", "multipart/form-data; boundary=b", "'application/json'.")]
    public async Task A_body_of_another_type_is_refused_by_what_the_endpoint_reads(
        string path, string body, string? contentType, string accepted)
    {
        var key = await Gateway.CreateKeyAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        using var response = await PostAsync(key, content, path);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.EndsWith(accepted, (await ErrorAsync(response)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_may_have_25_MiB_and_no_byte_more()
    {
        var key = await Gateway.CreateKeyAsync();
        var overhead = (await Form("tiny-embed", "").ReadAsByteArrayAsync()).Length;
        using var largest = Form("tiny-embed", new string('x', (25 * 1024 * 1024) - overhead));
        using var larger = Form("tiny-embed", new string('x', (25 * 1024 * 1024) - overhead + 1));

        using var taken = await PostAsync(key, largest);
        using var refused = await PostAsync(key, larger);

        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Contains("26214400", (await ErrorAsync(refused)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_parts_behind_another_boundary_are_the_same_request()
    {
        var key = await Gateway.CreateKeyAsync();
        var idempotencyKey = Guid.NewGuid().ToString();

        using var first = await PostAsync(key, Form("tiny-embed", "again", "one"), idempotencyKey: idempotencyKey);
        using var second = await PostAsync(key, Form("tiny-embed", "again", "two"), idempotencyKey: idempotencyKey);
        using var other = await PostAsync(key, Form("tiny-embed", "other", "one"), idempotencyKey: idempotencyKey);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal("true", second.Headers.GetValues("idempotency-replayed").Single());
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
    }

    [Fact]
    public async Task A_form_that_is_cut_is_refused()
    {
        var key = await Gateway.CreateKeyAsync();
        var bytes = await Form("tiny-embed", "x", "one").ReadAsByteArrayAsync();
        using var cut = new ByteArrayContent(bytes[..^10]);
        cut.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=one");

        using var response = await PostAsync(key, cut);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("closing boundary", (await ErrorAsync(response)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("colour", "unknown_parameter")]
    [InlineData("model", "duplicate_parameter")]
    public async Task A_wrong_part_is_named(string name, string code)
    {
        var key = await Gateway.CreateKeyAsync();
        var form = (MultipartFormDataContent)Form("tiny-embed", "x");
        form.Add(new StringContent("red"), name);

        using var response = await PostAsync(key, form);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = await ErrorAsync(response);
        Assert.Equal((name, code), (error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task The_document_shows_the_form_with_its_file()
    {
        using var document = JsonDocument.Parse(await Gateway.Http.GetStringAsync("/openapi/v1.json"));

        var operation = document.RootElement.GetProperty("paths").GetProperty(Path).GetProperty("post");

        var schema = operation.GetProperty("requestBody").GetProperty("content").GetProperty("multipart/form-data").GetProperty("schema");
        Assert.Equal("#/components/schemas/HearBody", schema.GetProperty("$ref").GetString());
        var form = document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty("HearBody");
        Assert.Equal("binary", form.GetProperty("properties").GetProperty("file").GetProperty("format").GetString());
        Assert.Equal(
            "Idempotency-Key", Assert.Single(operation.GetProperty("parameters").EnumerateArray()).GetProperty("name").GetString());
    }

    private static MultipartFormDataContent Form(string model, string text, string? boundary = null)
    {
        var form = boundary is null ? new MultipartFormDataContent() : new MultipartFormDataContent(boundary);
        form.Add(new StringContent(model), "model");
        form.Add(new ByteArrayContent(Encoding.ASCII.GetBytes(text)), "file", "speech.txt");
        return form;
    }

    private static async Task<JsonElement> ErrorAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()).GetProperty("error");

    private async Task<HttpResponseMessage> PostAsync(
        TestKey key, HttpContent content, string path = Path, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content, Headers = { Authorization = key.Bearer } };
        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        return await Gateway.Http.SendAsync(request);
    }

    /// <summary>A gateway with one more endpoint, which takes forms alone.</summary>
    public sealed class Bench : IAsyncLifetime
    {
        internal GatewayUnderTest Gateway { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Gateway = await GatewayUnderTest.StartAsync(
                app => new HearEndpoint().Map(app.MapGroup("").WithMetadata(new ApiAnswer())));
            Gateway.Worker.Script = call => call.AnswerAsync("""{"text":"hi"}""", new Units(9));
        }

        public async Task DisposeAsync() => await Gateway.DisposeAsync();
    }

    /// <summary>Members of the form, as the document shows them.</summary>
    internal sealed record HearBody(
        [property: JsonPropertyName("model")] string Model, [property: JsonPropertyName("file"), BinaryFile] string File);

    private sealed class HearEndpoint() : InferenceEndpoint(new PublicEndpoint("embeddings", "POST", "Hear", "embeddings", Path)
    {
        Task = ModelTask.Embeddings,
        Bodies = BodyTypes.Form,
        Upload = UploadKind.Audio,
    })
    {
        private static readonly MemberNames Names = new("model", "file");

        public void Map(IEndpointRouteBuilder routes) =>
            routes.MapInference(this).Describe("hear", "Hear", "Hear", "Hears.").TakesForm<HearBody>();

        public override bool TryParse(
            RequestForm form, [NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out OpenAiError? error)
        {
            var reader = new FormReader(form, Names);
            var model = "";
            while (reader.NextPart(out var name) && (name == "model" ? reader.ReadModel(out model) : reader.ReadFile(out _)))
            {
            }

            error = reader.Error;
            request = error is null
                ? new HearRequest { Model = model, Size = new PromptSize(20, 0, 0, 1), Edits = reader.Edits } : null;
            return error is null;
        }
    }

    private sealed record HearRequest : InferenceRequest
    {
        public override bool Generates => false;
    }
}
