namespace Tollgate.Inference.Decoders;

/// <summary>A factor of queries that grows with their position, for texts longer than those that a model was first trained on.</summary>
/// <param name="Rate">Growth for each multiple of e.</param>
/// <param name="Every">Tokens within which the factor stays.</param>
internal sealed record QueryGrowth(double Rate, int Every)
{
    /// <summary>The factor at a position, 1 at the beginning.</summary>
    public float At(int position) => (float)(1 + (Rate * Math.Log(1 + (position / Every))));
}
