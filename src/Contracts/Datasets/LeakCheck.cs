namespace Tollgate.Contracts.Datasets;

/// <summary>
/// Finds texts of a training file in a validation file: a model that saw them in training looks better than it is. Add all of the
/// training file, then check the validation file. Memory: at most 144 bytes a row of the training file, 216 while its tables grow.
/// </summary>
public sealed class LeakCheck
{
    /// <summary>Leaks that a report lists.</summary>
    public const int MostListed = 100;

    private readonly TextIndex _exact = new();
    private readonly TextIndex _normalised = new();
    private readonly List<Leak> _leaks = [];
    private long _exactCount;
    private long _similarCount;

    /// <summary>Notes a text of the training file.</summary>
    public void AddTraining(Example example)
    {
        _exact.Add(TextFingerprint.Exact(example.Text), example.Line, 0);
        _normalised.Add(TextFingerprint.Normalised(example.Text), example.Line, 0);
    }

    /// <summary>Compares a text of the validation file with those of the training file.</summary>
    public void CheckValidation(Example example)
    {
        var exact = _exact.Find(TextFingerprint.Exact(example.Text));
        if ((exact ?? _normalised.Find(TextFingerprint.Normalised(example.Text))) is not { } trainingLine)
        {
            return;
        }

        _exactCount += exact is null ? 0 : 1;
        _similarCount += exact is null ? 1 : 0;
        if (_leaks.Count < MostListed)
        {
            _leaks.Add(new Leak(trainingLine, example.Line, exact is not null));
        }
    }

    public LeakReport Report() => new(_exactCount, _similarCount, _leaks);
}

/// <summary>A text that stands in both files.</summary>
/// <param name="TrainingLine">Where it stands first in the training file.</param>
/// <param name="IsExact">False where case, spaces or punctuation differ.</param>
public sealed record Leak(long TrainingLine, long ValidationLine, bool IsExact);

/// <summary>How many texts of a validation file are in the training file.</summary>
/// <param name="Exact">Rows of the validation file with the same text.</param>
/// <param name="Similar">Rows with the same text but for case, spaces and punctuation; exact ones not included.</param>
/// <param name="Leaks">The first of them, at most <see cref="LeakCheck.MostListed"/>.</param>
public sealed record LeakReport(long Exact, long Similar, IReadOnlyList<Leak> Leaks);
