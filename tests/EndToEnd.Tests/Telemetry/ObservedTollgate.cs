using System.Net.Http.Headers;
using System.Net.Http.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Telemetry;

/// <summary>
/// One running system that exports traces over gRPC and metrics over HTTP, writes JSON logs, and has answered one streamed request of a
/// client with a trace of its own.
/// </summary>
public sealed class ObservedTollgate : IAsyncLifetime
{
    internal const string ClientsTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
    internal const string ClientsSpan = "00f067aa0ba902b7";
    internal const string ClientsState = "clientsvendor=clientsvalue";
    internal const string ClientsBaggage = "clientskey=clientsbaggage";
    private OtlpReceiver? _receiver;
    private RunningTollgate? _running;

    internal OtlpReceiver Receiver => _receiver ?? throw new InvalidOperationException("Not started.");

    internal RunningTollgate Running => _running ?? throw new InvalidOperationException("Not started.");

    /// <summary>Spans of the client's trace.</summary>
    internal IReadOnlyList<ReceivedSpan> ClientsSpans => [.. Receiver.Spans.Where(span => span.TraceId == ClientsTrace)];

    public async Task InitializeAsync()
    {
        _receiver = await OtlpReceiver.StartAsync();
        _running = await RunningTollgate.StartAsync(new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Receiver.Grpc,
            ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = $"{Receiver.Http}/v1/metrics",
            ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=tests",
            ["TOLLGATE__Logging__Format"] = "json",
        });
        await StreamAsync();
    }

    public async Task DisposeAsync()
    {
        if (_running is not null)
        {
            await _running.DisposeAsync();
        }

        if (_receiver is not null)
        {
            await _receiver.DisposeAsync();
        }
    }

    private async Task StreamAsync()
    {
        using var http = new HttpClient { BaseAddress = new Uri(Running.Endpoints.Api) };
        using var request = new HttpRequestMessage(HttpMethod.Post, Prompts.Chat)
        {
            Content = JsonContent.Create(Prompts.France(stream: true)),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Running.FirstKey);
        request.Headers.Add("traceparent", $"00-{ClientsTrace}-{ClientsSpan}-01");
        request.Headers.Add("tracestate", ClientsState);
        request.Headers.Add("baggage", ClientsBaggage);
        using var answer = await http.SendAsync(request);
        Assert.EndsWith("data: [DONE]\n\n", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Until.TrueAsync(
            () => ClientsSpans.Any(span => span.Name == "settle") && ClientsSpans.Any(span => span.Name == "decode")
                && ClientsSpans.Count(span => span.Kind == 2) == 2,
            "the trace is exported");
    }
}
