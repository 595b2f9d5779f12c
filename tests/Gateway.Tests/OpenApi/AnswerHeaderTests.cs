using Microsoft.OpenApi;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.OpenApi;

/// <summary>
/// Each header that an answer really has, of those that mean something to a client, stands in the document for its status.
/// </summary>
public sealed class AnswerHeaderTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";

    /// <summary>Headers of the transport and of browsers, which no client reads.</summary>
    private static readonly HashSet<string> Plumbing = new(StringComparer.OrdinalIgnoreCase)
    {
        "Date", "Connection", "Transfer-Encoding", "Cache-Control", "X-Accel-Buffering", "X-Content-Type-Options",
        "Access-Control-Expose-Headers",
    };

    private GatewayUnderTest Gateway => shared.Gateway;

    [Fact]
    public async Task Answers_and_errors_of_a_chat_have_documented_headers_alone()
    {
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4), headers: "x-tollgate-queue-ms: 3\r\n");
        var key = await Gateway.CreateKeyAsync(
            key => key with { Limits = new Limits { RequestsPerMinute = 4, TokensPerMinute = 60_000 } });
        var document = OpenApiDocument.Parse(await Gateway.Http.GetStringAsync("/openapi/v1.json"), "json").Document!;
        var operation = document.Paths[Chat].Operations![HttpMethod.Post];
        var statuses = new List<int>();

        foreach (var send in Calls(key))
        {
            using var response = await send();
            var status = (int)response.StatusCode;
            statuses.Add(status);
            var documented = operation.Responses![$"{status}"].Headers!.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
            var sent = response.Headers.Select(header => header.Key).Where(name => !Plumbing.Contains(name)).ToList();
            Assert.Empty(sent.Where(name => !documented.Contains(name)).Select(name => $"{status}: {name}"));
            Assert.Contains("x-request-id", sent, StringComparer.OrdinalIgnoreCase);
        }

        Assert.Equal([200, 200, 200, 400, 429, 401], statuses);
    }

    private IEnumerable<Func<Task<HttpResponseMessage>>> Calls(TestKey key)
    {
        yield return () => Gateway.PostAsync(key, Chat, Hello);
        yield return () => SendWithIdempotencyKeyAsync(key);
        yield return () => SendWithIdempotencyKeyAsync(key); // The kept answer.
        yield return () => Gateway.PostAsync(key, Chat, "{}");
        yield return () => Gateway.PostAsync(key, Chat, Hello);
        yield return () => Gateway.Http.PostAsync(Chat, null);
    }

    private Task<HttpResponseMessage> SendWithIdempotencyKeyAsync(TestKey key)
    {
        var request = GatewayUnderTest.Post(key, Chat, Hello);
        request.Headers.Add("Idempotency-Key", "once");
        return Gateway.Http.SendAsync(request);
    }
}
