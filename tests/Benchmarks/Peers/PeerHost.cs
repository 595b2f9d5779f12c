using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using Tollgate.Benchmarks.Engine;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Benchmarks.Peers;

/// <summary>
/// The verbs that are processes of a comparison: the stub worker and the pass-through, the engine and llama.cpp. They are started by the
/// benchmark with their settings in the environment, and stop with it.
/// </summary>
internal static class PeerHost
{
    public const string Port = "BENCH_PORT";

    /// <summary>Second port of the worker, HTTP/2 without TLS.</summary>
    public const string Http2Port = "BENCH_HTTP2_PORT";
    public const string Bearers = "BENCH_BEARERS";
    public const string Worker = "BENCH_WORKER";
    public const string Redis = "BENCH_REDIS";

    /// <summary>Of a peer that generates: the folder of installed models, or the GGUF file.</summary>
    public const string Model = "BENCH_MODEL";
    public const string Threads = "BENCH_THREADS";

    /// <summary>The engine and the bare loop.</summary>
    public const string Ours = "engine";

    public const string Llama = "llama";

    public static Command Create() => new("peer", "A process of the comparison; started by the benchmark itself.")
    {
        Hidden = true,
        Subcommands =
        {
            Verb("worker", RunWorkerAsync), Verb("pass-through", RunPassThroughAsync), Verb(Ours, RunOursAsync), Verb(Llama, RunLlamaAsync),
        },
    };

    private static Command Verb(string name, Func<Task> run)
    {
        var verb = new Command(name);
        verb.SetAction((_, _) => run());
        return verb;
    }

    private static async Task RunWorkerAsync()
    {
        var worker = new StubWorker(Tokens(), BenchModels.TokensPerSecond, TimeProvider.System);
        await RunAsync(
            kestrel => kestrel.Listen(IPAddress.Loopback, Number(Http2Port), listen => listen.Protocols = HttpProtocols.Http2),
            worker.HandleAsync);
    }

    private static async Task RunPassThroughAsync()
    {
        var address = new Uri(Text(Worker) ?? throw new InvalidOperationException($"{Worker} is not set."));
        await using var redis = Text(Redis) is { } connection ? await ConnectionMultiplexer.ConnectAsync(connection) : null;
        var script = redis is null ? null : await ScriptCall.LoadAsync(redis);
        using var pass = new PassThrough(address, Tokens().For("inference"), script, http2: address.Port == Number(Http2Port));
        await RunAsync(_ => { }, pass.HandleAsync);
    }

    private static async Task RunOursAsync()
    {
        await using var ours = new OursPeer(Text(Model)!, Number(Threads));
        await RunAsync(_ => { }, ours.HandleAsync);
    }

    private static async Task RunLlamaAsync()
    {
        await Console.Out.WriteLineAsync($"llama.cpp {LlamaLibrary.Start()}");
        await using var llama = new LlamaPeer(Text(Model)!, Number(Threads));
        await RunAsync(_ => { }, llama.HandleAsync);
    }

    private static async Task RunAsync(Action<KestrelServerOptions> more, Microsoft.AspNetCore.Http.RequestDelegate handle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, Number(Port));
            more(kestrel);
        });
        await using var app = builder.Build();
        app.Run(handle);
        await app.RunAsync();
    }

    private static ServiceTokens Tokens() => new(Options.Create(new ClusterOptions { Bearers = Text(Bearers) ?? "" }));

    private static string? Text(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static int Number(string name) => int.TryParse(Text(name), out var number) ? number : 0;
}
