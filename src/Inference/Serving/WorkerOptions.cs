using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Serving;

/// <summary>The worker itself. Section <c>Worker</c>.</summary>
public sealed class WorkerOptions
{
    public const string Section = "Worker";

    /// <summary>Name of the worker, stable over restarts. Default: the machine's name.</summary>
    [Required]
    [StringLength(100)]
    public string Id { get; init; } = Environment.MachineName;

    /// <summary>Folder of its own log. No default; two workers cannot share one.</summary>
    [Required]
    public string DataDirectory { get; init; } = "";

    /// <summary>Base address at which gateways and Billing reach it. Default: its internal listener's, by the machine's name where that
    /// listens on every address.</summary>
    public Uri? Address { get; init; }

    /// <summary>How long running answers may go on after a signal to stop. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>;
