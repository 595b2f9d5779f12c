using Tollgate.Contracts.Datasets;
using Tollgate.Training.Evaluation;
using Tollgate.Training.Methods;

namespace Tollgate.Training.Runs;

/// <summary>The rows of a run, divided, with their lines.</summary>
/// <param name="Lines">Line of each row in its file.</param>
internal sealed record RowDivision(RowSet Set, long[] Lines, DatasetChecks Checks)
{
    /// <summary>Part of the training rows that ends a training early.</summary>
    private const double WatchShare = 0.1;

    /// <summary>Divides the rows. With equal files, seed and settings it is the same.</summary>
    /// <param name="watches">Whether some training rows are kept apart to end the training.</param>
    /// <exception cref="TrainingException">The validation file has a label that the training file lacks.</exception>
    public static RowDivision Of(ExampleFile training, ExampleFile? validation, TrainingSettings settings, bool watches)
    {
        Example[] all = [.. training.Rows, .. validation?.Rows ?? []];
        bool[] isHeldOut = validation is null
            ? Divide(training.Rows, settings.Seed, settings.ValidationShare)
            : [.. all.Select((_, row) => row >= training.Rows.Count)];
        int[] kept = [.. Rows(isHeldOut, heldOut: false)];
        bool[] isWatched = watches ? Divide([.. kept.Select(row => all[row])], ~settings.Seed, WatchShare) : new bool[kept.Length];
        string[] names = [.. kept.Select(row => all[row].Label).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (all.FirstOrDefault(row => Array.BinarySearch(names, row.Label, StringComparer.Ordinal) < 0) is { } stranger)
        {
            throw new TrainingException(
                $"Line {stranger.Line} of the validation file has the label '{stranger.Label}', which no row of the training file has.")
            {
                Param = "validation_file",
            };
        }

        var set = new RowSet(
            [.. all.Select(row => row.Text)],
            [.. all.Select(row => Array.BinarySearch(names, row.Label, StringComparer.Ordinal))],
            names,
            [.. kept.Where((_, place) => !isWatched[place])],
            [.. kept.Where((_, place) => isWatched[place])],
            [.. Rows(isHeldOut, heldOut: true)]);
        return new RowDivision(set, [.. all.Select(row => row.Line)], Check(training, validation, all, set));
    }

    private static bool[] Divide(IReadOnlyList<Example> rows, long seed, double share)
    {
        var split = new ExampleSplit(seed, share);
        foreach (var row in rows)
        {
            split.Add(row.Text, row.Label);
        }

        return split.Divide();
    }

    private static IEnumerable<int> Rows(bool[] isHeldOut, bool heldOut) =>
        Enumerable.Range(0, isHeldOut.Length).Where(row => isHeldOut[row] == heldOut);

    private static DatasetChecks Check(ExampleFile training, ExampleFile? validation, Example[] all, RowSet set)
    {
        var leaks = new LeakCheck();
        Array.ForEach([.. set.Train, .. set.Watch], row => leaks.AddTraining(all[row]));
        Array.ForEach(set.HeldOut, row => leaks.CheckValidation(all[row]));
        return new DatasetChecks(
            leaks.Report(),
            [
                .. training.Report.Warnings.Concat(validation?.Report.Warnings ?? [])
                    .Where(warning => warning.Code is "contradictory_label" or "label_noise"),
            ]);
    }
}
