namespace Tollgate.Inference.Generation;

/// <summary>Whether guessed tokens are worth a place in a step: measured, not configured. No bit of an answer depends on it.</summary>
/// <remarks>
/// A guessed token makes a step longer by so much time. Where it comes true, it saves what a token costs in a plain step of as many rows.
/// The more rows share a step, the less a token costs, and the less guesses are worth.
/// </remarks>
/// <param name="rows">Most rows of a step.</param>
internal sealed class VerificationPace(int rows)
{
    private const double NewestWeight = 0.2;

    /// <summary>What a plain step leaves of the measured time of a guessed token, so that one found too long is measured again some
    /// time.</summary>
    private const double Kept = 0.998;

    /// <summary>How many times its own time a guessed token must save: what is measured beside other work is rough.</summary>
    private const double Clear = 2;

    private readonly double[] _step = [.. Enumerable.Repeat(double.NaN, rows + 1)];
    private readonly double[] _extra = [.. Enumerable.Repeat(double.NaN, rows + 1)];
    private readonly bool[] _bound = new bool[rows + 1];

    /// <summary>Learns from a step of one token for each row.</summary>
    public void Stepped(int rows, TimeSpan elapsed)
    {
        Learn(ref _step[rows], elapsed.TotalMilliseconds);
        _extra[rows] *= Kept;
    }

    /// <summary>Learns from a step with guessed tokens.</summary>
    /// <param name="guessed">Tokens beside those of a plain step, at least 1.</param>
    public void Verified(int rows, int guessed, TimeSpan elapsed)
    {
        if (!_bound[rows])
        {
            _bound[rows] = true; // The first step of so many rows binds its memory.
            return;
        }

        Learn(ref _extra[rows], Math.Max(0, elapsed.TotalMilliseconds - _step[rows]) / guessed);
    }

    /// <summary>Guessed tokens with which a step takes a time at most, or twice its own time where that is longer. No bound before one was
    /// measured.</summary>
    public int MostWithin(int rows, TimeSpan time) => double.IsNaN(_extra[rows])
        ? int.MaxValue : (int)Math.Min((Math.Max(time.TotalMilliseconds, 2 * _step[rows]) - _step[rows]) / _extra[rows], int.MaxValue);

    /// <summary>Whether guesses of which this part comes true are clearly worth their time. Not before a plain step of as many rows was
    /// measured.</summary>
    public bool Pays(int rows, double rate) => !double.IsNaN(_step[rows])
        && (double.IsNaN(_extra[rows]) || Clear * _extra[rows] <= rate * _step[rows] / rows); // What was never measured is tried.

    private static void Learn(ref double mean, double newest) =>
        mean = double.IsNaN(mean) ? newest : mean + (NewestWeight * (newest - mean));
}
