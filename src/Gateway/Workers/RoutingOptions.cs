using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Workers;

/// <summary>Section <c>Routing</c>.</summary>
internal sealed class RoutingOptions
{
    public const string Section = "Routing";

    /// <summary>Base addresses of workers that do not register themselves: <c>Routing:Workers:0</c> and so on, or one value with commas
    /// or spaces between them. Those that register are added.</summary>
    public IReadOnlyList<Uri> Workers { get; set; } = [];

    /// <summary>Pause between two looks at a worker. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a worker may take to state its load. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PollTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Failures in a row, without an answer between them, after which a worker gets no requests until it answers a poll. Default
    /// 3.</summary>
    [Range(1, 100)]
    public int FailuresToOpen { get; set; } = 3;
}

[OptionsValidator]
internal sealed partial class RoutingOptionsValidator : IValidateOptions<RoutingOptions>;
