using System.Text.Json;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Telemetry;

/// <summary>What the whole system shows outside: traces, metrics, logs.</summary>
public sealed class TelemetryTests(ObservedTollgate observed) : IClassFixture<ObservedTollgate>
{
    private const ulong Server = 2;
    private const ulong Client = 3;
    private static readonly string[] Services = ["tollgate-accounts", "tollgate-billing", "tollgate-gateway", "tollgate-inference"];

    [Fact]
    public void A_streamed_request_is_one_trace_through_gateway_and_worker()
    {
        var spans = observed.ClientsSpans;
        ReceivedSpan Span(string service, string name) => Assert.Single(spans, span => span.Service == service && span.Name == name);

        var request = Span("tollgate-gateway", "POST /v1/chat/completions");
        var attempt = Span("tollgate-gateway", "attempt");
        var work = Span("tollgate-inference", "POST /v1/chat/completions");

        Assert.Equal((Server, ObservedTollgate.ClientsSpan), (request.Kind, request.ParentId));
        Assert.Equal((Client, request.SpanId), (attempt.Kind, attempt.ParentId));
        Assert.Equal(request.SpanId, Span("tollgate-gateway", "admission").ParentId);
        Assert.Equal(request.SpanId, Span("tollgate-gateway", "settle").ParentId);
        Assert.Equal((Server, attempt.SpanId), (work.Kind, work.ParentId));
        Assert.All(["queue", "prefill", "decode"], phase => Assert.Equal(work.SpanId, Span("tollgate-inference", phase).ParentId));
        Assert.Equal("200", request.Attributes["http.response.status_code"]);
        Assert.Equal("7", request.Attributes["gen_ai.usage.output_tokens"]); // The capital of France is Paris.
        Assert.Equal(request.Attributes["tollgate.request.id"], work.Attributes["tollgate.request.id"]);
    }

    [Fact]
    public async Task Usage_is_shipped_in_a_trace_from_the_gateway_to_Billing()
    {
        await Until.TrueAsync(() => Shipments().Count > 0, "a shipment is exported");

        Assert.All(Shipments(), pair => Assert.Equal(("ship usage", pair.Parent.SpanId), (pair.Parent.Name, pair.Child.ParentId)));
    }

    [Fact]
    public async Task Every_service_exports_its_metrics_under_its_own_name()
    {
        ReceivedMetric[] expected =
        [
            new("tollgate-gateway", "gen_ai.client.token.usage", "{token}", "histogram"),
            new("tollgate-gateway", "tollgate.gateway.journal.unshipped", "By", "gauge"),
            new("tollgate-gateway", "db.client.operation.duration", "s", "histogram"),
            new("tollgate-billing", "tollgate.billing.usage.lag", "s", "histogram"),
            new("tollgate-inference", "gen_ai.server.time_to_first_token", "s", "histogram"),
        ];

        await Until.TrueAsync(
            () => Services.All(service => observed.Receiver.Metrics.Any(metric => metric.Service == service))
                && !expected.Except(observed.Receiver.Metrics).Any(),
            $"all services export metrics, among them {string.Join(", ", expected.Select(metric => metric.Name))}",
            TimeSpan.FromSeconds(30));

        var received = observed.Receiver.Metrics.ToHashSet();
        Assert.All(received.Where(metric => metric.Name.StartsWith("tollgate.", StringComparison.Ordinal)), metric =>
            Assert.Equal(metric.Name.Split('.')[1], metric.Service["tollgate-".Length..]));
        Assert.All(Services, service => Assert.Equal("tests", observed.Receiver.Resources[service]["deployment.environment.name"]));
        Assert.All(Services, service => Assert.NotEmpty(observed.Receiver.Resources[service]["service.version"]));
        Assert.Equal(Services.Length, Services.Select(
            service => (service, observed.Receiver.Resources[service]["service.instance.id"])).Distinct().Count());
    }

    [Fact]
    public async Task Every_log_line_is_a_JSON_object_and_those_of_a_request_name_its_trace()
    {
        static bool IsAccess(JsonElement line) => Text(line, "trace_id") == ObservedTollgate.ClientsTrace
            && Text(line, "category") == "Tollgate.Gateway.Calls.AccessLog";
        await Until.TrueAsync(() => Lines("tollgate.log").Any(IsAccess), "the request is in the log");
        var gateway = Lines("tollgate.log");
        var worker = Lines("worker.log");

        var access = Assert.Single(gateway, IsAccess);
        Assert.Contains("chat.completions 200", Text(access, "message"), StringComparison.Ordinal);
        Assert.Equal(
            observed.ClientsSpans.Single(span => span is { Kind: Server, Service: "tollgate-gateway" }).SpanId, Text(access, "span_id"));
        Assert.All([.. gateway, .. worker], line =>
        {
            Assert.True(DateTimeOffset.TryParse(Text(line, "timestamp"), out var at) && at.Offset == TimeSpan.Zero);
            Assert.Contains(Text(line, "level"), (string[])["information", "warning", "error", "critical"]);
            Assert.True(line.TryGetProperty("event", out _));
            Assert.NotNull(Text(line, "message"));
        });
    }

    [Fact]
    public void Logs_and_spans_hold_no_secret_and_nothing_that_the_client_wanted_to_travel_on()
    {
        var logs = string.Concat(Directory.GetFiles(Path.Combine(observed.Running.Data, "logs")).Select(File.ReadAllText));
        var attributes = string.Join('\n', observed.Receiver.Spans.SelectMany(span => span.Attributes.Values));
        var secrets = Directory.GetFiles(Path.Combine(observed.Running.Data, "secrets")).SelectMany(File.ReadAllLines)
            .SelectMany(line => line.Split(' ', ':')).Where(word => word.Length >= 32).Append(observed.Running.FirstKey);

        Assert.All([.. secrets, ObservedTollgate.ClientsState, ObservedTollgate.ClientsBaggage, "clientsvalue", "clientsbaggage"], text =>
        {
            Assert.DoesNotContain(text, logs, StringComparison.Ordinal);
            Assert.DoesNotContain(text, attributes, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("gateway")]
    [InlineData("accounts")]
    [InlineData("billing")]
    [InlineData("inference")]
    [InlineData("learning")]
    public async Task Promtool_finds_no_fault_in_the_metrics_of(string service)
    {
        var metrics = await observed.Running.Internal.MetricsAsync(service);

        var checking = await ProgramRun.RunAsync("promtool", ["check", "metrics"], input: metrics);

        Assert.Equal((0, ""), (checking.ExitCode, checking.Output + checking.Error));
        Assert.Contains("tollgate-" + service, metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_metric_that_a_service_shows_has_a_row_in_the_page()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(SharedFiles.Repository, "docs", "telemetry.md"));
        var missing = new List<string>();
        foreach (var service in (string[])["gateway", "accounts", "billing", "inference", "learning"])
        {
            var shown = (await observed.Running.Internal.MetricsAsync(service)).Split('\n')
                .Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
                .Select(line => line.Split(' ') is [_, _, var name, var type] ? (name, type) : default)
                .Where(metric => !metric.name.StartsWith("dotnet_", StringComparison.Ordinal) && metric.name != "target_info");
            missing.AddRange(shown.Where(metric => !page.Contains($"| `{metric.name}` | {metric.type} |", StringComparison.Ordinal))
                .Select(metric => $"{service}: {metric}"));
        }

        Assert.Empty(missing);
    }

    private List<(ReceivedSpan Parent, ReceivedSpan Child)> Shipments() =>
    [
        .. from child in observed.Receiver.Spans
           where child is { Service: "tollgate-billing", Name: "POST /internal/usage" }
           join parent in observed.Receiver.Spans on child.TraceId equals parent.TraceId
           where parent.Service == "tollgate-gateway"
           select (parent, child),
    ];

    /// <summary>The whole lines of a log that grows.</summary>
    private IReadOnlyList<JsonElement> Lines(string file)
    {
        var text = File.ReadAllText(Path.Combine(observed.Running.Data, "logs", file));
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        return [.. whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
