using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Residency;

/// <summary>One installed version of a model, in memory or not. The gate of its <see cref="VersionTable"/> guards all of it.</summary>
internal sealed class ModelVersion(string name, string version)
{
    public string Name => name;

    public string Version => version;

    /// <summary>Changes when the version is written again, so that a broken one is tried again.</summary>
    public string Stamp { get; set; } = "";

    /// <summary>Null where its manifest cannot be read.</summary>
    public InstalledModel? Installed { get; set; }

    /// <summary>With what its last load measured, also while it is not in memory; null where its manifest cannot be read.</summary>
    public ModelCard? Card { get; set; }

    /// <summary>Why it cannot be served; null when it can.</summary>
    public string? Error { get; set; }

    /// <summary>Whether the plan, or being the newest, puts it into memory.</summary>
    public bool Wanted { get; set; }

    /// <summary>Whether the budget keeps it out of memory until a request asks for it.</summary>
    public bool Evicted { get; set; }

    /// <summary>Its load, while it is on its way into memory.</summary>
    public Task? Loading { get; set; }

    /// <summary>Requests that wait for its load.</summary>
    public int Waiters { get; set; }

    /// <summary>Null while it is not in memory.</summary>
    public Residence? Residence { get; set; }

    /// <summary>Its last residence, which left while requests used it and may come back until they have ended; null when it is
    /// gone.</summary>
    public Residence? Leaving { get; set; }

    /// <summary>What its last load took, bytes; before the first one those of its files.</summary>
    public long Bytes { get; set; }

    /// <summary>One that the budget keeps out of memory is idle also while requests load it: further ones wait with them.</summary>
    public ModelState State =>
        Residence is not null ? ModelState.Ready
        : Error is not null ? ModelState.Broken
        : Loading is not null && !(Wanted && Evicted) ? ModelState.Loading
        : Wanted ? ModelState.Idle
        : ModelState.Unloaded;
}
