using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Worker;

/// <summary>The worker itself. Section <c>Worker</c>.</summary>
public sealed class WorkerOptions
{
    public const string Section = "Worker";

    /// <summary>Name of the worker, stable over restarts; with several replicas the part before the number. Default: the machine's
    /// name.</summary>
    [Required]
    [StringLength(100)]
    public string Id { get; init; } = Environment.MachineName;

    /// <summary>Folder of the worker's own log, on a local file system. No default. One worker alone can use it, unless
    /// <see cref="MostReplicas"/> is above 1.</summary>
    [Required]
    public string DataDirectory { get; init; } = "";

    /// <summary>Workers that may share <see cref="DataDirectory"/> and <see cref="Id"/>. Above 1, each takes the first free place N: the
    /// folder N in the data directory, and the name <c>Id-N</c>. Default 1: folder and name as they are.</summary>
    [Range(1, 1000)]
    public int MostReplicas { get; init; } = 1;

    /// <summary>Base address at which gateways and Billing reach it; port 0 is its internal listener's. Default: its internal listener's,
    /// by the machine's name where that listens on every address.</summary>
    public Uri? Address { get; init; }

    /// <summary>How long running answers may go on after a signal to stop. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>;
