using System.Net.Http.Json;
using Tollgate.Benchmarks.Machine;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Memory;

/// <summary>The worker's own program as a process, without a cluster.</summary>
/// <param name="threads">Processors that it may use, with a thread inside an operator for each; 0 for all.</param>
internal sealed class MeasuredWorker(string folder, string repository, int number, int threads = 0) : IDisposable
{
    private readonly int _port = FreePort.Next();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private ChildProcess? _child;

    /// <summary>Calls it as a gateway does.</summary>
    public HttpClient Http => _http;

    public int Id => _child?.Id ?? throw new InvalidOperationException("The worker does not run.");

    /// <summary>Returns when it answers, whatever it has.</summary>
    public async Task StartAsync()
    {
        var output = Path.Combine(SharedFiles.Repository, "artifacts", "bin", "Inference", "release", "Tollgate.Inference.dll");
        _http.BaseAddress = new Uri($"http://127.0.0.1:{_port}");
        _http.DefaultRequestHeaders.Authorization = TestBearers.Header("gateway", "inference");
        _child = await ChildProcess.StartAsync(new ChildSpec(
            $"worker-{number}",
            [.. Processors.Only(threads), "dotnet", output, $"--Listen:Internal={_http.BaseAddress}", TestBearers.Argument("inference"),
                $"--Worker:Id=bench-{number}",
                $"--Worker:DataDirectory={Path.Combine(folder, $"worker-{number}")}", $"--Models:Directory={repository}",
                "--Execution:Provider=cpu", $"--Execution:Threads={threads}"],
            new Dictionary<string, string>(),
            Path.Combine(folder, $"worker-{number}.log")));
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    using var response = await _http.GetAsync("/health/live");
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"worker {number} answers; see the logs in {folder}",
            TimeSpan.FromMinutes(2));
    }

    public Task WaitForAnswerAsync(string model, TimeSpan patience) => Until.TrueAsync(
        async () =>
        {
            using var answer = await AskAsync(model, "Hello", mostTokens: 1);
            return answer.IsSuccessStatusCode;
        },
        $"worker {number} serves the model; see the logs in {folder}",
        patience);

    public Task<HttpResponseMessage> AskAsync(string model, string prompt, int mostTokens) => _http.PostAsJsonAsync(
        "/v1/completions", new { model, prompt, max_tokens = mostTokens, temperature = 0 });

    public async Task StopAsync()
    {
        if (_child is not null)
        {
            await _child.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));
        }
    }

    public void Dispose()
    {
        _child?.Send(ChildSignal.Kill);
        _child?.Dispose();
        _http.Dispose();
    }
}
