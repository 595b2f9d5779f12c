using Tollgate.Contracts.Datasets;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Identity;
using Tollgate.Inference.Graphs;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;

namespace Tollgate.FederatedKit.Local;

/// <summary>A participant's file, read and turned into vectors. Nothing of it is ever sent.</summary>
/// <param name="Tokens">Of each row.</param>
/// <param name="Vectors"><c>[rows, width]</c>.</param>
internal sealed record LocalRows(RowSet Set, int[][] Tokens, float[] Vectors)
{
    /// <summary>Reads a file of examples and computes its vectors.</summary>
    /// <exception cref="KitException">A row has a label that the task lacks, or no row is left to train on.</exception>
    /// <exception cref="TrainingException">The file has faults.</exception>
    public static async Task<LocalRows> ReadAsync(
        BaseModel from, FederatedTask task, string path, int threads, CancellationToken cancellationToken)
    {
        var rows = (await ExampleFile.ReadAsync(path, "file", cancellationToken)).Rows;
        string[] names = [.. task.Labels];
        if (rows.FirstOrDefault(row => Array.IndexOf(names, row.Label) < 0) is { } stranger)
        {
            throw new KitException(
                $"Line {stranger.Line} has the label '{stranger.Label}'. The training knows {string.Join(", ", names)}.");
        }

        var isHeldOut = Divide(rows, task);
        var set = new RowSet(
            [.. rows.Select(row => row.Text)], [.. rows.Select(row => Array.IndexOf(names, row.Label))], names,
            [.. Enumerable.Range(0, rows.Count).Where(row => !isHeldOut[row])], [],
            [.. Enumerable.Range(0, rows.Count).Where(row => isHeldOut[row])]);
        if (set.Train.Length == 0)
        {
            throw new KitException($"'{path}' has no row to train on.");
        }

        var most = Math.Min(task.Training.MostTokens, from.ContextLength);
        int[][] tokens = [.. set.Texts.Select(text => TokenInputs.Encode(from.Tokenizer, text, most))];
        return new LocalRows(set, tokens, SentenceVectors.Of(from, tokens, null, threads, null, cancellationToken));
    }

    private static bool[] Divide(IReadOnlyList<Example> rows, FederatedTask task)
    {
        if (task.EvaluationRows == 0)
        {
            return new bool[rows.Count];
        }

        var split = new ExampleSplit(task.Training.Seed, task.Training.ValidationShare);
        foreach (var row in rows)
        {
            split.Add(row.Text, row.Label);
        }

        return split.Divide();
    }
}
