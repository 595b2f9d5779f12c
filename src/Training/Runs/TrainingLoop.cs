using System.Diagnostics;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Batches;
using Tollgate.Training.Methods;
using Tollgate.Training.Steps;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Runs;

/// <summary>Trains a classifier to its end: epochs, checkpoints, early ending. Every number of it follows from rows, settings and seed, so
/// that a run which goes on from a checkpoint ends with the same bits as one that never stopped.</summary>
internal sealed class TrainingLoop(
    ClassifierModel model, RowSet set, Hyperparameters numbers, TrainingSettings settings, Checkpoints? checkpoints)
{
    /// <summary>Padded tokens of one run of the graph; a larger batch is divided.</summary>
    private const int MostTokens = 4_096;

    private readonly int[] _lengths = [.. set.Train.Select(model.LengthOf)];
    private readonly float[] _labelWeights = settings.BalancesLabels
        ? ClassWeights.Balanced([.. set.Train.Select(row => set.Labels[row])], set.Names.Length)
        : [.. Enumerable.Repeat(1f, set.Names.Length)];
    private readonly List<EpochMetrics> _epochs = [];
    private readonly EarlyStopping _stopping = new(Math.Max(1, numbers.Patience));
    private long? _best;

    /// <summary>Epochs that were measured.</summary>
    public IReadOnlyList<EpochMetrics> Epochs => _epochs;

    /// <summary>Tokens of the training part that the steps have read.</summary>
    public long TrainedTokens { get; private set; }

    /// <summary>Trains.</summary>
    /// <param name="onProgress">Called after each step and each epoch, without stage and bound.</param>
    /// <returns>The trainer with the parameters to serve; owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled between two steps, after a checkpoint.</exception>
    public Trainer Run(Action<TrainingProgress>? onProgress, CancellationToken cancellationToken)
    {
        var trainer = new Trainer(model.Forward, model.Plan);
        try
        {
            Resume(trainer);
            Train(trainer, onProgress, cancellationToken);
            if (_best is { } best)
            {
                checkpoints?.RestoreBest(trainer, best);
            }

            return trainer;
        }
        catch
        {
            trainer.Dispose();
            throw;
        }
    }

    /// <summary>Scores of rows by label, each row's sum 1.</summary>
    public double[][] Predict(Trainer trainer, IReadOnlyList<int> rows)
    {
        var scores = new double[rows.Count][];
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderBy(place => model.LengthOf(rows[place]))];
        foreach (var part in order.Chunk(32))
        {
            int[] chosen = [.. part.Select(place => rows[place])];
            var (logits, shape) = trainer.Predict(model.Inputs(chosen, Math.Max(1, model.LengthOf(chosen[^1]))));
            for (var i = 0; i < part.Length; i++)
            {
                scores[part[i]] = Scores.Softmax(logits.AsSpan(i * (int)shape[1], (int)shape[1]));
            }
        }

        return scores;
    }

    private void Resume(Trainer trainer)
    {
        if (checkpoints?.Restore(trainer) is not { } record)
        {
            return;
        }

        _best = record.Best;
        foreach (var epoch in record.Epochs)
        {
            _epochs.Add(epoch);
            _stopping.Observe(epoch.Loss);
        }
    }

    private void Train(Trainer trainer, Action<TrainingProgress>? onProgress, CancellationToken cancellationToken)
    {
        var perEpoch = Order(0).Length;
        var steps = (long)perEpoch * numbers.Epochs;
        var schedule = new LearningRateSchedule(numbers.PeakRate, (int)(steps * numbers.WarmUp), (int)steps, numbers.Shape);
        var (started, first, step) = (Stopwatch.GetTimestamp(), trainer.Step, 0L);
        for (var epoch = 0; epoch < numbers.Epochs && (step < trainer.Step || !IsOver); epoch++)
        {
            foreach (var batch in Order(epoch))
            {
                TrainedTokens += batch.Rows.Sum(place => (long)model.Rows[set.Train[place]].Length);
                if (step++ < trainer.Step)
                {
                    continue; // Done before the checkpoint.
                }

                StopIfCancelled(trainer, cancellationToken);
                var loss = trainer.Run(Parts(batch), schedule.Rate(step - 1)).Loss;
                var ended = step % perEpoch == 0;
                if (ended)
                {
                    Measure(trainer, epoch);
                }

                if (ended || step % settings.CheckpointEvery == 0)
                {
                    checkpoints?.Write(trainer, _epochs, _best);
                }

                onProgress?.Invoke(new TrainingProgress("training")
                {
                    Step = step,
                    Steps = steps,
                    Loss = loss,
                    Epoch = ended ? _epochs[^1] : null,
                    TrainedTokens = TrainedTokens,
                    TimeLeft = Stopwatch.GetElapsedTime(started) / (step - first) * (steps - step),
                });
            }
        }
    }

    private bool IsOver => numbers.Patience > 0 && set.Watch.Length > 0 && _stopping.IsOver;

    private BatchRows[] Order(int epoch) =>
        BatchOrder.Of(_lengths, model.Bucket, settings.MostTokens, numbers.BatchSize, (ulong)settings.Seed, epoch);

    private TrainingBatch[] Parts(BatchRows batch) =>
    [
        .. batch.Rows.Chunk(Math.Max(1, MostTokens / batch.Length)).Select(part =>
        {
            int[] rows = [.. part.Select(place => set.Train[place])];
            return new TrainingBatch(
                model.Inputs(rows, batch.Length),
                OnnxTensor.Of([.. rows.Select(row => (long)set.Labels[row])], rows.Length),
                [.. rows.Select(row => _labelWeights[set.Labels[row]])]);
        }),
    ];

    /// <summary>Measures an epoch on the rows that end the training, or for the reader on those held out.</summary>
    private void Measure(Trainer trainer, int epoch)
    {
        var rows = set.Watch.Length > 0 ? set.Watch : set.HeldOut;
        var scores = Predict(trainer, rows);
        var loss = rows.Select((row, i) => -Math.Log(Math.Max(1e-12, scores[i][set.Labels[row]]))).DefaultIfEmpty(0).Average();
        var right = rows.Where((row, i) => scores[i][set.Labels[row]] == scores[i].Max()).Count();
        _epochs.Add(new EpochMetrics(epoch + 1, loss, rows.Length == 0 ? 0 : right / (double)rows.Length));
        if (_stopping.Observe(loss) && numbers.Patience > 0 && set.Watch.Length > 0 && checkpoints is not null)
        {
            checkpoints.WriteBest(trainer);
            _best = trainer.Step;
        }
    }

    private void StopIfCancelled(Trainer trainer, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && trainer.Step > 0)
        {
            checkpoints?.Write(trainer, _epochs, _best);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }
}
