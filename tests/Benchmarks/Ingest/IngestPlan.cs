namespace Tollgate.Benchmarks.Ingest;

/// <summary>How much is booked.</summary>
/// <param name="Events">In each of the two parts.</param>
internal sealed record IngestPlan(int Events, int Seed)
{
    /// <summary>Events in one batch: what a gateway ships at once.</summary>
    public int Batch { get; init; } = 5_000;

    /// <summary>Leaves the gateway's backlog out.</summary>
    public bool StreamOnly { get; init; }

    /// <summary>Organizations whose requests the batches mix.</summary>
    public int Organizations { get; init; } = 20;
}
