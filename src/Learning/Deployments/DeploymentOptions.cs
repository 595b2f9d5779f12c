using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Deployments;

/// <summary>Names of trained models. Section <c>Deployments</c>.</summary>
internal sealed class DeploymentOptions
{
    public const string Section = "Deployments";

    /// <summary>How long a request waits until a worker has its model ready; then it is answered, and the switch follows. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:04:00")]
    public TimeSpan ReadyWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Interval between looks at the workers while a model is to become ready. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Most deployments of an organization. Default 20.</summary>
    [Range(1, 10_000)]
    public int MaxDeployments { get; init; } = 20;
}

[OptionsValidator]
internal sealed partial class DeploymentOptionsValidator : IValidateOptions<DeploymentOptions>;
