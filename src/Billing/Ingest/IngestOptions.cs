using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Ingest;

/// <summary>How usage is taken in. Section <c>Ingest</c>.</summary>
public sealed class IngestOptions
{
    public const string Section = "Ingest";

    /// <summary>Batches booked at the same time; each keeps a connection of its own. Default 4.</summary>
    [Range(1, 64)]
    public int Lanes { get; init; } = 4;

    /// <summary>Most events in one batch; a larger one is answered with 413. Default 10,000.</summary>
    [Range(1, 100_000)]
    public int MostEvents { get; init; } = 10_000;
}

[OptionsValidator]
internal sealed partial class IngestOptionsValidator : IValidateOptions<IngestOptions>;
