using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Ingest;

/// <summary>Limits of the ingest. Section <c>Ingest</c>.</summary>
public sealed class IngestOptions
{
    public const string Section = "Ingest";

    /// <summary>Number of batches booked at the same time; each holds one connection. Default 4.</summary>
    [Range(1, 64)]
    public int Lanes { get; init; } = 4;

    /// <summary>Most events in one batch; a larger one is answered with 413. Default 10,000.</summary>
    [Range(1, 100_000)]
    public int MostEvents { get; init; } = 10_000;
}

[OptionsValidator]
internal sealed partial class IngestOptionsValidator : IValidateOptions<IngestOptions>;
