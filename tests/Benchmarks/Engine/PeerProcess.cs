using System.Globalization;
using System.Net.Http.Json;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Peers;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Engine;

/// <summary>A peer that generates, seen from the benchmark.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private const int LogLines = 12;
    private readonly ChildProcess _child;
    private readonly HttpClient _http;
    private readonly string _log;

    private PeerProcess(ChildProcess child, HttpClient http, string log) => (_child, _http, _log) = (child, http, log);

    public int Id => _child.Id;

    /// <param name="verb"><see cref="PeerHost.Ours"/> or <see cref="PeerHost.Llama"/>.</param>
    /// <param name="model">Folder or file that it loads when asked to.</param>
    /// <param name="folder">Takes its log.</param>
    public static async Task<PeerProcess> StartAsync(string verb, string model, int threads, string folder)
    {
        var port = FreePort.Next();
        var log = Path.Combine(folder, $"{verb}.log");
        var child = await ChildProcess.StartAsync(new ChildSpec(
            verb,
            [.. Processors.Only(threads), "dotnet", Path.Combine(AppContext.BaseDirectory, "Tollgate.Benchmarks.dll"), "peer", verb],
            new Dictionary<string, string>
            {
                [PeerHost.Port] = port.ToString(CultureInfo.InvariantCulture),
                [PeerHost.Model] = model,
                [PeerHost.Threads] = threads.ToString(CultureInfo.InvariantCulture),
            },
            log));
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Timeout.InfiniteTimeSpan,
        };
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    using var answer = await http.GetAsync("/");
                    return true;
                }
                catch (HttpRequestException) when (!child.HasExited)
                {
                    return false;
                }
            },
            $"{verb} answers; see {log}",
            TimeSpan.FromMinutes(1));
        return new PeerProcess(child, http, log);
    }

    /// <param name="path">One of those of <see cref="EnginePeer"/>.</param>
    /// <exception cref="InvalidOperationException">It failed; the message has the end of its log.</exception>
    public async Task<T> AskAsync<T>(string path, PeerOrder order, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _http.PostAsJsonAsync(path, order, EnginePeer.Json, cancellationToken);
            answer.EnsureSuccessStatusCode();
            return (await answer.Content.ReadFromJsonAsync<T>(EnginePeer.Json, cancellationToken))!;
        }
        catch (HttpRequestException exception)
        {
            var end = string.Join('\n', File.ReadLines(_log).TakeLast(LogLines));
            throw new InvalidOperationException($"{_child.Name} failed at {path}: {exception.Message}\n{end}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _child.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));
        _child.Dispose();
        _http.Dispose();
    }
}
