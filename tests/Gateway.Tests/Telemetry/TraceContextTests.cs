using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Telemetry;

/// <summary>What a public client's trace headers do, seen from the worker.</summary>
public sealed class TraceContextTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Collector = "--Telemetry:OtlpEndpoint=http://127.0.0.1:9"; // Nothing listens there: the export fails alone.

    [Theory]
    [InlineData("0", "01", "00")] // The client asks for its trace to be recorded.
    [InlineData("1", "00", "01")] // The client asks for the opposite.
    public async Task A_client_lends_its_trace_id_and_does_not_decide_whether_the_trace_is_recorded(string ratio, string asked, string sent)
    {
        var traceParent = await TraceParentOfAsync($"00-{Trace}-00f067aa0ba902b7-{asked}", Collector, $"--Telemetry:TraceRatio={ratio}");

        Assert.Matches($"^00-{Trace}-[0-9a-f]{{16}}-{sent}$", traceParent);
        Assert.DoesNotContain("00f067aa0ba902b7", traceParent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01")]
    [InlineData("a trace")]
    public async Task A_malformed_header_begins_a_trace_of_the_gateways_own(string header)
    {
        var traceParent = await TraceParentOfAsync(header, Collector);

        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", traceParent);
        Assert.DoesNotContain(Trace, traceParent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_logs_carry_trace_ids_without_a_collector_and_record_nothing()
    {
        var traceParent = await TraceParentOfAsync($"00-{Trace}-00f067aa0ba902b7-01", "--Logging:Format=json");

        Assert.Matches($"^00-{Trace}-[0-9a-f]{{16}}-00$", traceParent);
    }

    [Fact]
    public async Task Without_collector_and_json_logs_no_trace_goes_to_the_worker()
    {
        Assert.Null(await TraceParentOfAsync($"00-{Trace}-00f067aa0ba902b7-01"));
    }

    /// <summary>Sends a request with trace headers, and returns what its worker got as <c>traceparent</c>.</summary>
    private static async Task<string?> TraceParentOfAsync(string traceParent, params string[] settings)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, settings);
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(3, Output: 1));
        using var request = GatewayUnderTest.Post(
            await gateway.CreateKeyAsync(), "/v1/chat/completions",
            """{"model": "tiny-assistant", "messages": [{"role": "user", "content": "Hi"}]}""");
        request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        request.Headers.TryAddWithoutValidation("tracestate", "vendor=value");
        request.Headers.TryAddWithoutValidation("baggage", "key=value");

        using var answer = await gateway.Http.SendAsync(request);

        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var headers = Assert.Single(gateway.Worker.Calls, call => call.Path.StartsWith("/v1/", StringComparison.Ordinal))
            .Head.Split("\r\n");
        Assert.DoesNotContain(headers, line => line.StartsWith("tracestate", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(headers, line => line.StartsWith("baggage", StringComparison.OrdinalIgnoreCase));
        return headers.SingleOrDefault(line => line.StartsWith("traceparent: ", StringComparison.OrdinalIgnoreCase))
            ?["traceparent: ".Length..];
    }
}
