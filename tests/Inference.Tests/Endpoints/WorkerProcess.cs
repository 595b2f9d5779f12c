using System.Diagnostics;
using Tollgate.LocalServers;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Endpoints;

/// <summary>A real worker in a process of its own, and a gateway's bearer to call it with.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    private WorkerProcess(Process process, HttpClient gateway) => (_process, Gateway) = (process, gateway);

    public HttpClient Gateway { get; }

    /// <summary>Memory in RAM, bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Returns when a model is ready.</summary>
    public static async Task<WorkerProcess> StartAsync(string repository, string data, params string[] more)
    {
        var port = FreePort.Next();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(InferenceApp).Assembly.Location);
        foreach (var argument in WorkerFixture.Arguments(repository, data, more))
        {
            start.ArgumentList.Add(argument.Replace("127.0.0.1:0", $"127.0.0.1:{port}", StringComparison.Ordinal));
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var gateway = WorkerFixture.Client($"http://127.0.0.1:{port}");
        await Until.TrueAsync(async () => await IsServedAsync(gateway), "the worker serves", TimeSpan.FromSeconds(60));
        return new WorkerProcess(process, gateway);
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        Gateway.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static async Task<bool> IsServedAsync(HttpClient gateway)
    {
        try
        {
            return (await WorkerFixture.StatusAsync(gateway)).Models.Any(model => model.Ready);
        }
        catch (HttpRequestException)
        {
            return false; // Not listening yet.
        }
    }
}
