using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Fairness;

/// <summary>The queue in front of a model; each model has its own. Section <c>Generation</c>.</summary>
public sealed class QueueOptions
{
    public const string Section = "Generation";

    /// <summary>Requests of one service class that may wait for a model, over all organizations. Then the last one of the organization with
    /// the most makes room for one of an organization with fewer, or the new one is refused with 503. Default 256.</summary>
    [Range(0, 100_000)]
    public int QueueLength { get; init; } = 256;

    /// <summary>Requests of one organization and service class that may wait for a model; the next one is refused with 503. Default
    /// 128.</summary>
    [Range(0, 100_000)]
    public int QueueLengthPerOrganization { get; init; } = 128;

    /// <summary>How long a request may wait for its first slot or turn before it is refused with 503. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class QueueOptionsValidator : IValidateOptions<QueueOptions>;
