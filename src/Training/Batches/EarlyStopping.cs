namespace Tollgate.Training.Batches;

/// <summary>Ends a training when a measure on held-back rows has not become smaller for some evaluations.</summary>
/// <param name="patience">Evaluations without progress after which the training ends.</param>
/// <param name="least">By how much a measure must fall below the best one to count as progress.</param>
internal sealed class EarlyStopping(int patience, double least = 0)
{
    private int _without;

    /// <summary>The smallest measure so far.</summary>
    public double Best { get; private set; } = double.PositiveInfinity;

    public bool IsOver => _without >= patience;

    /// <returns>Whether the measure is the best so far: the parameters of now are worth keeping.</returns>
    public bool Observe(double measure)
    {
        var isBest = measure < Best - least;
        (Best, _without) = isBest ? (measure, 0) : (Best, _without + 1);
        return isBest;
    }
}
