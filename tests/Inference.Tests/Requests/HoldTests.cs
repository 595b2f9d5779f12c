using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Requests;

/// <summary>A worker runs nothing above the bound that the gateway reserved money for.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class HoldTests(WorkerFixture worker)
{
    [Theory]
    [InlineData("/v1/chat/completions",
        """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}],"max_tokens":4,"n":2}""", 2)]
    [InlineData("/v1/completions", """{"model":"tiny-assistant","prompt":["The cat","The dog"],"max_tokens":4}""", 2)]
    [InlineData("/v1/completions", """{"model":"tiny-assistant","prompt":[[5,6],[7]],"max_tokens":4}""", 2)]
    [InlineData("/v1/embeddings", """{"model":"tiny-embed","input":["a toll gate","x"]}""", 0)]
    [InlineData("/v1/embeddings", """{"model":"tiny-embed","input":[[7592],[7592],[7592]]}""", 0)]
    [InlineData("/v1/classifications", """{"model":"tiny-sentiment","input":["a toll gate","x"]}""", 0)]
    [InlineData("/v1/classifications", """{"model":"tiny-sentiment","input":[[51],[51,1284]],"top_n":1}""", 0)]
    [InlineData("/predict", """{"model":"tiny-sentiment","data":["a toll gate","x"]}""", 0)]
    [InlineData("/v1/rerank", """{"model":"tiny-embed","query":"a toll gate","documents":["x","a road"]}""", 0)]
    public async Task A_request_runs_at_its_bound_and_not_above(string path, string body, int choices)
    {
        using var free = await SendAsync(path, body, Guid.NewGuid(), bound: null);
        Assert.True(Units.TryParse(free.Headers.GetValues(Units.Header).Single(), out var used));
        var prompt = used.Prompt;
        var (exact, below) = (new Units(prompt, Output: choices * 4), new Units(prompt - 1, Output: choices * 4));
        var refused = Guid.NewGuid();

        using var runs = await SendAsync(path, body, Guid.NewGuid(), exact.ToString());
        using var stops = await SendAsync(path, body, refused, below.ToString());

        Assert.Equal(HttpStatusCode.OK, runs.StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, stops.StatusCode);
        Assert.Equal("hold_exceeded", (string)JsonNode.Parse(await stops.Content.ReadAsStringAsync())!["error"]!["code"]!);
        Assert.DoesNotContain((await worker.WitnessAsync()).Entries, entry => entry.RequestId == refused); // Nothing was computed.
    }

    [Theory]
    [InlineData("40,0,7,0,0,0")]
    [InlineData("none")]
    public async Task A_bound_on_the_output_is_kept_and_one_that_cannot_be_read_lets_nothing_run(string bound)
    {
        using var response = await SendAsync(
            "/v1/chat/completions", """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}],"max_tokens":8}""",
            Guid.NewGuid(), bound);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string body, Guid request, string? bound)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, request.ToString("N"));
        if (bound is not null)
        {
            message.Headers.Add(WorkerHeaders.Bound, bound);
        }

        return await worker.Gateway.SendAsync(message);
    }
}
