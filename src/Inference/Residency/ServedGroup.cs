using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Residency;

/// <summary>Which versions in the repository this process serves: those of one group, or those without a group.</summary>
internal sealed class ServedGroup(IConfiguration configuration, IOptions<ModelsOptions> options, VersionGroups groups)
{
    /// <summary>Null for the worker itself.</summary>
    public string? Name => options.Value.Group is { Length: > 0 } group ? group : null;

    /// <summary>Whether this is the worker that keeps a process for each group. Gateways learn of those processes from Accounts; without it
    /// one process serves all.</summary>
    public bool KeepsProcesses => Name is null && configuration["Services:accounts"] is { Length: > 0 };

    public bool Serves(string name, string version) =>
        (Name is null && !KeepsProcesses) || groups.Of(name, version) == Name;
}
