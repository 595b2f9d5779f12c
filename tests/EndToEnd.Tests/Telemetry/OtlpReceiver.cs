using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.LocalServers;

namespace Tollgate.EndToEnd.Tests.Telemetry;

/// <summary>A span as it came over the wire.</summary>
/// <param name="Service">The resource's <c>service.name</c>.</param>
/// <param name="ParentId">Empty for a root.</param>
/// <param name="Kind">OTLP's number: 1 internal, 2 server, 3 client, 4 producer.</param>
internal sealed record ReceivedSpan(
    string Service, string TraceId, string SpanId, string ParentId, string Name, ulong Kind,
    IReadOnlyDictionary<string, string> Attributes);

/// <summary>A metric as it came over the wire.</summary>
/// <param name="Type">Name of the field that holds its points: <c>gauge</c>, <c>sum</c> or <c>histogram</c>.</param>
internal sealed record ReceivedMetric(string Service, string Name, string Unit, string Type);

/// <summary>
/// A collector's two doors: OTLP over gRPC on one port (HTTP/2 without TLS) and OTLP over HTTP on the other. Reads what comes as the
/// protocol's messages of Protocol Buffers.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const int GrpcPrefixBytes = 5;
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app, int grpcPort, int httpPort) => (_app, Grpc, Http) = (app, Url(grpcPort), Url(httpPort));

    public string Grpc { get; }

    public string Http { get; }

    public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();

    public ConcurrentQueue<ReceivedMetric> Metrics { get; } = new();

    /// <summary>The resources' attributes by service.</summary>
    public ConcurrentDictionary<string, IReadOnlyDictionary<string, string>> Resources { get; } = new();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var (grpc, http) = (FreePort.Next(), FreePort.Next());
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, grpc, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, http, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        var receiver = new OtlpReceiver(app, grpc, http);
        app.MapPost(
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export", context => TakeCallAsync(context, receiver.TakeSpans));
        app.MapPost(
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", context => TakeCallAsync(context, receiver.TakeMetrics));
        app.MapPost("/v1/traces", context => TakePostAsync(context, receiver.TakeSpans));
        app.MapPost("/v1/metrics", context => TakePostAsync(context, receiver.TakeMetrics));
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private void TakeSpans(ProtoMessage request)
    {
        foreach (var ofResource in request.Messages(1))
        {
            var service = Remember(ofResource);
            foreach (var span in ofResource.Messages(2).SelectMany(scope => scope.Messages(2)))
            {
                Spans.Enqueue(new ReceivedSpan(
                    service, span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5), span.Number(6), Attributes(span.Messages(9))));
            }
        }
    }

    private void TakeMetrics(ProtoMessage request)
    {
        foreach (var ofResource in request.Messages(1))
        {
            var service = Remember(ofResource);
            foreach (var metric in ofResource.Messages(2).SelectMany(scope => scope.Messages(2)))
            {
                var type = metric.Has(5) ? "gauge" : metric.Has(7) ? "sum" : metric.Has(9) ? "histogram" : "other";
                Metrics.Enqueue(new ReceivedMetric(service, metric.Text(1), metric.Text(3), type));
            }
        }
    }

    private string Remember(ProtoMessage ofResource)
    {
        var attributes = Attributes(ofResource.Messages(1).Single().Messages(1));
        Resources[attributes["service.name"]] = attributes;
        return attributes["service.name"];
    }

    private static Dictionary<string, string> Attributes(IEnumerable<ProtoMessage> pairs) => pairs.ToDictionary(
        pair => pair.Text(1),
        pair => pair.Messages(2).Single() is var value && value.Has(1) ? value.Text(1) : $"{value.Number(3)}");

    /// <summary>A unary call: one message behind a byte for compression and four for its length; the status comes as a trailer.</summary>
    private static async Task TakeCallAsync(HttpContext context, Action<ProtoMessage> take)
    {
        var body = await ReadAsync(context);
        var length = (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1));
        take(ProtoMessage.Parse(body[GrpcPrefixBytes..(GrpcPrefixBytes + length)]));
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[GrpcPrefixBytes]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static async Task TakePostAsync(HttpContext context, Action<ProtoMessage> take)
    {
        Assert.Equal("application/x-protobuf", context.Request.ContentType);
        take(ProtoMessage.Parse(await ReadAsync(context)));
        context.Response.ContentType = "application/x-protobuf";
    }

    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    private static string Url(int port) => $"http://127.0.0.1:{port}";
}
