using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Federated;

/// <summary>Limits of federated trainings. Section <c>Federated</c>.</summary>
internal sealed class FederatedOptions
{
    public const string Section = "Federated";

    /// <summary>Most federated trainings of an organization that have not ended. Default 20.</summary>
    [Range(1, 10_000)]
    public int MaxJobs { get; init; } = 20;

    /// <summary>Interval between looks for phases whose time is over. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(1);
}

[OptionsValidator]
internal sealed partial class FederatedOptionsValidator : IValidateOptions<FederatedOptions>;
