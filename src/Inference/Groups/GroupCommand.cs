using System.Collections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Inference.Groups;

/// <summary>How the process of a group is started: this program with the settings of this process, but a name, a folder, an address and a
/// group of its own.</summary>
/// <param name="args">Settings that this process got as arguments.</param>
internal sealed class GroupCommand(
    string[] args, WorkerFolder folder, IOptions<WorkerOptions> options, IConfiguration configuration)
{
    private const string Prefix = "TOLLGATE__";

    /// <summary>This program: a file that runs by itself, or an assembly of <c>dotnet</c>.</summary>
    private static string[] Program => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "Tollgate.Inference.dll")]
        : [Environment.ProcessPath!];

    public ChildSpec Of(string group) => new(
        $"group {group}",
        [
            .. Program, .. args,
            $"--{ModelsOptions.Section}:{nameof(ModelsOptions.Group)}={group}",
            $"--{WorkerOptions.Section}:{nameof(WorkerOptions.Id)}={folder.WorkerId}.{group}",
            $"--{WorkerOptions.Section}:{nameof(WorkerOptions.DataDirectory)}={FolderOf(group)}",
            $"--{WorkerOptions.Section}:{nameof(WorkerOptions.MostReplicas)}=1",
            $"--Listen:Internal={AnyPort(BindingAddress.Parse(configuration["Listen:Internal"]!))}",
            .. Address(),
        ],
        Settings(), LogFile: null);

    /// <summary>Folder of a group's process.</summary>
    public string FolderOf(string group) => Path.Combine(folder.Path, "groups", group);

    private string[] Address() =>
        options.Value.Address is { } address ? [$"--{WorkerOptions.Section}:{nameof(WorkerOptions.Address)}={AnyPort(address)}"] : [];

    /// <summary>The same host with a port that the system chooses; Accounts learns it from the heartbeats.</summary>
    private static string AnyPort(BindingAddress address) => $"{address.Scheme}://{address.Host}:0";

    private static string AnyPort(Uri address) => $"{address.Scheme}://{address.Host}:0";

    private static Dictionary<string, string> Settings() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(variable => ((string)variable.Key).StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");
}
