using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Cli.Commands;

/// <summary>
/// The installation that a command works on. <c>--data</c> names one of this machine; without it the environment names a cluster; without
/// both it is the default data folder.
/// </summary>
public sealed class Target
{
    private readonly IConfiguration? _cluster;

    private Target(DataFolder? data, IConfiguration? cluster) => (Data, _cluster) = (data, cluster);

    /// <summary>The data folder; null for a cluster.</summary>
    public DataFolder? Data { get; }

    /// <summary>Finds the installation that the options and the environment name.</summary>
    /// <exception cref="InvalidOperationException">The file of a setting cannot be read.</exception>
    public static Target Of(ParseResult parsed) =>
        parsed.GetResult(DataFolder.Option) is { Implicit: false } || !OperatorAccess.IsInEnvironment
            ? new Target(DataFolder.Of(parsed), cluster: null)
            : new Target(data: null, PlatformSettings.Read([]));

    /// <summary>Connects to the installation.</summary>
    /// <exception cref="OperatorException">It does not run on this machine, or its settings are incomplete.</exception>
    public OperatorClient Connect() => Data is { } data ? OperatorClient.Connect(data) : new OperatorClient(OperatorAccess.Of(_cluster!));

    /// <summary>Returns the folder of installed models.</summary>
    /// <exception cref="OperatorException">The setting of a cluster is missing.</exception>
    public string FindModelsFolder() => Data is { } data
        ? data.Folder("models")
        : _cluster!["Models:Directory"] is { Length: > 0 } folder
            ? folder
            : throw new OperatorException(
                "TOLLGATE__Models__Directory is not set. It is the workers' folder of models, mounted here."
                + $" What they serve: {Hint("workers list")}");

    /// <summary>Returns a command for the same installation, as a person types it.</summary>
    public string Hint(string verb) => Data is { } data ? $"./tollgate {verb} --data {data.Root}" : $"tollgate {verb}";
}
