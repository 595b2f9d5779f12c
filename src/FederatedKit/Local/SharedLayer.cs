using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Identity;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;
using Tollgate.Training.Updates;

namespace Tollgate.FederatedKit.Local;

/// <summary>The layer that all participants train, over the base model that each of them has.</summary>
internal sealed class SharedLayer
{
    private const int ProbeRows = 256;
    private const int ProbeTokens = 12;

    private readonly BaseModel _base;
    private readonly FederatedTask _task;
    private readonly int _threads;
    private readonly LinearHead _scaled;

    private SharedLayer(BaseModel from, FederatedTask task, int threads, LinearHead scaled) =>
        (_base, _task, _threads, _scaled) = (from, task, threads, scaled);

    public BaseModel Base => _base;

    /// <summary>Reads the base model's folder and compares it with the task.</summary>
    /// <exception cref="KitException">It is another model.</exception>
    /// <exception cref="Inference.Models.ModelImportException">The folder holds no model that can be trained.</exception>
    public static async Task<SharedLayer> OpenAsync(string folder, FederatedTask task, int threads, CancellationToken cancellationToken)
    {
        var from = await BaseModel.ReadAsync(folder, cancellationToken);
        if (from.Hash != task.BaseModel.Sha256 || from.Width != task.BaseModel.Width)
        {
            throw new KitException(
                $"'{folder}' is not the training's base model '{task.BaseModel.Name}': SHA-256 {from.Hash}, width {from.Width}; "
                + $"the training names {task.BaseModel.Sha256}, width {task.BaseModel.Width}.");
        }

        return new SharedLayer(from, task, threads, Scale(from, task, threads, cancellationToken));
    }

    /// <summary>Trains from a layer on, with the participant's rows.</summary>
    /// <param name="weights">The layer before, weights by label and then biases.</param>
    /// <returns>The layer after, less the one before.</returns>
    public double[] Train(LocalRows rows, double[] weights, int round, CancellationToken cancellationToken)
    {
        var numbers = _task.Training;
        var set = rows.Set with { HeldOut = [] };
        var head = new HeadModel(
            _base, rows.Tokens, rows.Vectors, set, _threads, new LayerStart(Layer(weights), (float)numbers.Penalty));
        var settings = new TrainingSettings
        {
            Seed = numbers.Seed ^ round,
            MostTokens = numbers.MostTokens,
            Threads = _threads,
        };
        var loop = new TrainingLoop(
            head, set, new Hyperparameters(numbers.Epochs, numbers.BatchSize, 1) { BaseRate = numbers.LearningRate }, settings,
            checkpoints: null);
        using var trainer = loop.Run(onProgress: null, cancellationToken);
        var trained = head.Layer(trainer);
        return [.. trained.Weights.Concat(trained.Biases).Zip(weights, (after, before) => after - before)];
    }

    /// <summary>Counts held-out rows by label and answer, at most as many as the task allows.</summary>
    /// <returns><c>[labels, answers]</c>.</returns>
    public double[] Count(LocalRows rows, double[] weights)
    {
        var (layer, labels) = (Layer(weights), _task.Labels.Count);
        var counts = new double[labels * labels];
        foreach (var row in rows.Set.HeldOut.Take(_task.EvaluationRows))
        {
            counts[(rows.Set.Labels[row] * labels) + Answer(layer, rows.Vectors.AsSpan(row * _base.Width, _base.Width))]++;
        }

        return counts;
    }

    /// <summary>The layer of numbers on the wire, with the scales of this base model.</summary>
    public LinearHead Layer(double[] weights)
    {
        var places = _task.Labels.Count * _base.Width;
        return _scaled with
        {
            Weights = Array.ConvertAll(weights[..places], number => (float)number),
            Biases = Array.ConvertAll(weights[places..], number => (float)number),
        };
    }

    private static int Answer(LinearHead layer, ReadOnlySpan<float> vector)
    {
        var (best, most) = (0, double.NegativeInfinity);
        for (var label = 0; label < layer.Biases.Length; label++)
        {
            var score = (double)layer.Biases[label];
            for (var i = 0; i < vector.Length; i++)
            {
                score += (vector[i] - layer.Mean[i]) * layer.Scale[i] * layer.Weights[(label * vector.Length) + i];
            }

            (best, most) = score > most ? (label, score) : (best, most);
        }

        return best;
    }

    /// <summary>Mean and deviation of the vectors of random tokens: the same for everybody, and nobody's data.</summary>
    private static LinearHead Scale(BaseModel from, FederatedTask task, int threads, CancellationToken cancellationToken)
    {
        var random = new SeededRandom((ulong)task.Training.Seed);
        var (frame, ids) = (from.Tokenizer.Frame, from.Tokenizer.VocabularySize);
        int[][] rows =
        [
            .. Enumerable.Range(0, ProbeRows).Select(_ => (int[])
            [
                .. frame.Prefix, .. Enumerable.Range(0, ProbeTokens).Select(_ => (int)(random.NextReal() * ids)), .. frame.Suffix,
            ]),
        ];
        var vectors = SentenceVectors.Of(from, rows, null, threads, null, cancellationToken);
        return LinearHead.For(vectors, from.Width, [.. Enumerable.Range(0, ProbeRows)], task.Labels.Count);
    }
}
