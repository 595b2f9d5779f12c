using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Inference.Groups;

/// <summary>
/// The address of a group's process, which only the process itself knows: its port is the system's choice. It leaves the address in its
/// folder once it listens; the worker reads it there.
/// </summary>
internal sealed class GroupAddress(IConfiguration configuration, IServer server, WorkerFolder folder) : IHostedLifecycleService
{
    private const string FileName = "address";

    /// <summary>Takes back what an earlier process left in the folder.</summary>
    public static void Forget(string folder) => File.Delete(Path.Combine(Directory.CreateDirectory(folder).FullName, FileName));

    /// <summary>Returns the base address of the process that has the folder; null while it does not listen.</summary>
    public static Uri? Find(string folder)
    {
        var file = Path.Combine(folder, FileName);
        return File.Exists(file) ? new Uri(File.ReadAllText(file)) : null;
    }

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var listener = BindingAddress.Parse(server.ListenerUrl(configuration, ListenerKind.Internal));
        var host = listener.Host is "0.0.0.0" or "[::]" or "+" or "*" ? "127.0.0.1" : listener.Host;
        var file = Path.Combine(folder.Path, FileName);
        await File.WriteAllTextAsync($"{file}.new", $"{listener.Scheme}://{host}:{listener.Port}/", cancellationToken);
        File.Move($"{file}.new", file, overwrite: true);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
