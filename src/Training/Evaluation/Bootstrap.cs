using Tollgate.Training.Updates;

namespace Tollgate.Training.Evaluation;

/// <summary>How far a figure would move with other rows of the same kind.</summary>
internal static class Bootstrap
{
    private const int Draws = 1_000;

    /// <summary>The middle 95 % of a figure over 1,000 draws of as many rows, with replacement. The same seed gives the same
    /// interval.</summary>
    /// <remarks>Efron, Bootstrap Methods (1979): the percentile interval.</remarks>
    public static ConfidenceInterval Interval<T>(IReadOnlyList<T> rows, Func<IReadOnlyList<T>, double> figure, ulong seed)
    {
        if (rows.Count == 0)
        {
            return new ConfidenceInterval(0, 0);
        }

        var random = new SeededRandom(seed);
        var figures = new double[Draws];
        var drawn = new T[rows.Count];
        for (var draw = 0; draw < Draws; draw++)
        {
            for (var i = 0; i < drawn.Length; i++)
            {
                drawn[i] = rows[(int)(random.NextReal() * rows.Count)];
            }

            figures[draw] = figure(drawn);
        }

        Array.Sort(figures);
        return new ConfidenceInterval(figures[Draws * 25 / 1_000], figures[(Draws * 975 / 1_000) - 1]);
    }
}

/// <summary>An interval that holds the figure in 95 of 100 such samples.</summary>
public sealed record ConfidenceInterval(double Low, double High);
