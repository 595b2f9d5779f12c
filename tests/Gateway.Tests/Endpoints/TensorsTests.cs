using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>The Open Inference Protocol at the gateway. <c>numbers</c> reads x, FP32 [-1,3], and gives y, FP32 [-1,2].</summary>
public sealed class TensorsTests(EveryTask bench) : IClassFixture<EveryTask>
{
    private const string Model = "/v2/models/numbers";
    private const string Infer = Model + "/infer";
    private const string Json = """{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}""";
    private const string Binary =
        """{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}]}""";

    private static readonly Units Used = new(0, Calls: 1, Elements: 3 + 2);

    private GatewayUnderTest Gateway => bench.Gateway;

    [Theory]
    [InlineData(
        Model,
        "{\"name\":\"numbers\",\"versions\":[\"1\"],\"platform\":\"onnxruntime_onnx\","
            + "\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,3]}],"
            + "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[-1,2]}]}")]
    [InlineData(Model + "/ready", """{"name":"numbers","ready":true}""")]
    [InlineData(Model + "/versions/1/ready", """{"name":"numbers","ready":true}""")]
    [InlineData("/v2/health/live", """{"live":true}""")]
    [InlineData("/v2/health/ready", """{"ready":true}""")]
    public async Task A_server_and_its_models_describe_themselves(string path, string expected)
    {
        using var response = await GetAsync(path);

        Assert.Equal((HttpStatusCode.OK, expected), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("/v2/health/live", """{"live":true}""")]
    [InlineData("/v2/health/ready", """{"ready":true}""")]
    public async Task Whether_the_server_is_live_and_ready_needs_no_key_and_no_model(string path, string expected)
    {
        using var response = await Gateway.Http.GetAsync(path);
        using var withWrongKey = await Gateway.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = new("Bearer", "sk-none") } });

        Assert.Equal((HttpStatusCode.OK, expected), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.OK, withWrongKey.StatusCode);
    }

    [Fact]
    public async Task The_server_names_its_extension()
    {
        using var response = await GetAsync("/v2");

        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("tollgate", body.GetProperty("name").GetString());
        Assert.Equal(["binary_tensor_data"], body.GetProperty("extensions").EnumerateArray().Select(one => one.GetString()));
    }

    [Theory]
    [InlineData("GET", "/v2/models/nobody", 404, "model_not_found")]
    [InlineData("GET", "/v2/models/nobody/ready", 404, "model_not_found")]
    [InlineData("GET", "/v2/models/tiny-assistant", 404, "model_not_supported")]
    [InlineData("GET", "/v2/models/numbers/versions/2", 404, "version_not_found")]
    [InlineData("GET", "/v2/models/numbers/versions/2/ready", 404, "version_not_found")]
    [InlineData("POST", "/v2/models/numbers/versions/2/infer", 404, "version_not_found")]
    [InlineData("POST", "/v2/models/nobody/infer", 404, "model_not_found")]
    [InlineData("POST", "/v2/models/tiny-assistant/infer", 404, "model_not_supported")]
    [InlineData("POST", "/v2/models/numbers", 405, "method_not_supported")]
    [InlineData("POST", "/v2/models/numbers/explain", 404, "unknown_url")]
    [InlineData("POST", "/v2/repository/models/numbers/load", 404, "unknown_url")]
    public async Task What_is_not_there_is_refused_in_the_protocols_shape(string method, string path, int status, string code)
    {
        var key = await Gateway.CreateKeyAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { Authorization = key.Bearer } };
        request.Content = method == "POST" ? new StringContent(Json, Encoding.UTF8, "application/json") : null;

        using var response = await Gateway.Http.SendAsync(request);

        await ErrorTests.AssertErrorAsync(response, status, code);
    }

    [Theory]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""", "inputs[0].shape")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,3],"datatype":"INT8","data":[1,2,3]}]}""", "inputs[0].datatype")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}],"outputs":[{"name":"z"}]}""", "outputs[0].name")]
    public async Task A_tensor_that_does_not_fit_the_model_reaches_no_worker(string body, string param)
    {
        var before = Gateway.Worker.Calls.Count;

        using var response = await Gateway.PostAsync(await Gateway.CreateKeyAsync(), Infer, body);

        await ErrorTests.AssertErrorAsync(response, 400, "invalid_value");
        Assert.Contains(param, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(before, Gateway.Worker.Calls.Count);
    }

    [Fact]
    public async Task A_binary_request_goes_to_the_worker_and_a_binary_answer_comes_back_kept_ones_too()
    {
        const string Head = """
            {"model_name":"numbers","model_version":"1","outputs":[
            {"name":"y","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}
            """;
        WorkerCall? seen = null;
        Gateway.Worker.Script = call =>
        {
            seen = call;
            return call.AnswerAsync(Head + "abcdefgh", Used);
        };
        var key = await Gateway.CreateKeyAsync();
        var idempotencyKey = Guid.NewGuid().ToString();

        using var first = await SendBinaryAsync(key, Binary + "  ", Binary.Length + 2, idempotencyKey);
        using var again = await SendBinaryAsync(key, Binary + "  ", Binary.Length + 2, idempotencyKey);

        Assert.Equal("/v2/infer", seen!.Path);
        Assert.Contains("Content-Type: application/octet-stream", seen.Head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("{\"model\":\"numbers\"," + Binary[1..] + "123456789012", seen.Body);
        foreach (var response in new[] { first, again })
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.MediaType);
            Assert.Equal($"{Head.Length}", response.Headers.GetValues(TensorBodies.HeaderLength).Single());
            Assert.Equal(Head + "abcdefgh", await response.Content.ReadAsStringAsync());
        }

        Assert.True(again.Headers.Contains("idempotency-replayed"));
        var usage = await Gateway.Plane.WaitForUsageAsync(first.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.Completed, Used, "tensors"), (usage.Outcome, usage.Units, usage.Endpoint));
    }

    [Fact]
    public async Task One_idempotency_key_is_of_one_version()
    {
        Gateway.Worker.Script = call => call.AnswerAsync("{}", Used);
        var key = await Gateway.CreateKeyAsync();
        var idempotencyKey = Guid.NewGuid().ToString();

        using var any = await SendAsync(key, Infer, idempotencyKey);
        using var one = await SendAsync(key, Model + "/versions/1/infer", idempotencyKey);

        Assert.Equal(HttpStatusCode.OK, any.StatusCode);
        await ErrorTests.AssertErrorAsync(one, 409, "idempotency_key_reused");
    }

    [Theory]
    [InlineData(null, "missing_header")]
    [InlineData("many", "invalid_header")]
    [InlineData("9999", "invalid_header")]
    public async Task Bytes_without_a_place_where_they_begin_are_refused(string? header, string code)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Infer)
        {
            Headers = { Authorization = (await Gateway.CreateKeyAsync()).Bearer },
            Content = new StringContent(Binary) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } },
        };
        if (header is not null)
        {
            request.Headers.Add(TensorBodies.HeaderLength, header);
        }

        using var response = await Gateway.Http.SendAsync(request);

        await ErrorTests.AssertErrorAsync(response, 400, code);
    }

    [Fact]
    public async Task Work_that_gave_no_answer_is_forgiven_or_billed()
    {
        Gateway.Worker.Script = call => call.AnswerAsync(
            """{"error":{"message":"No.","type":"invalid_request_error","param":"inputs","code":"model_refused"}}""",
            new Units(0, Calls: 1, Elements: 3), status: 400);
        var key = await Gateway.CreateKeyAsync();

        using var response = await SendAsync(key, Infer);

        await ErrorTests.AssertErrorAsync(response, 400, "model_refused");
        var usage = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.FailedBeforeFirstToken, default(Units)), (usage.Outcome, usage.Units)); // Within the allowance.
    }

    private async Task<HttpResponseMessage> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path)
        {
            Headers = { Authorization = (await Gateway.CreateKeyAsync()).Bearer },
        };
        return await Gateway.Http.SendAsync(request);
    }

    private async Task<HttpResponseMessage> SendAsync(TestKey key, string path, string? idempotencyKey = null)
    {
        using var request = GatewayUnderTest.Post(key, path, Json);
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return await Gateway.Http.SendAsync(request);
    }

    private async Task<HttpResponseMessage> SendBinaryAsync(TestKey key, string json, int headerLength, string idempotencyKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Infer)
        {
            Headers = { Authorization = key.Bearer },
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json + "123456789012"))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") },
            },
        };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        request.Headers.Add(TensorBodies.HeaderLength, $"{headerLength}");
        return await Gateway.Http.SendAsync(request);
    }
}
