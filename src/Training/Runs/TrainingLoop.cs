using System.Diagnostics;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Batches;
using Tollgate.Training.Evaluation;
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
    private double _lossSum;
    private long _durable;

    /// <summary>Epochs that were measured.</summary>
    public IReadOnlyList<EpochMetrics> Epochs => _epochs;

    /// <summary>Tokens of the training part that the steps have read, those of earlier starts included.</summary>
    public long TrainedTokens { get; private set; }

    /// <summary>Trains.</summary>
    /// <param name="onProgress">Called when it begins, after each step, and after the checkpoint of a cancellation; without bound.</param>
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
    /// <exception cref="OperationCanceledException">It was cancelled between two parts of the rows.</exception>
    public double[][] Predict(Trainer trainer, IReadOnlyList<int> rows, CancellationToken cancellationToken)
    {
        var scores = new double[rows.Count][];
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderBy(place => model.LengthOf(rows[place]))];
        foreach (var part in order.Chunk(32))
        {
            cancellationToken.ThrowIfCancellationRequested();
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

        (_best, _lossSum) = (record.Best, record.LossSum);
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
        for (var epoch = 0; epoch < numbers.Epochs && (step < first || !IsOver); epoch++)
        {
            foreach (var batch in Order(epoch))
            {
                var tokens = batch.Rows.Sum(place => (long)model.Rows[set.Train[place]].Length);
                if (step < first)
                {
                    step++; // Done before the checkpoint.
                    TrainedTokens += tokens;
                    continue;
                }

                if (step == first)
                {
                    _durable = TrainedTokens;
                    onProgress?.Invoke(Progress(isResumed: true));
                }

                StopIfCancelled();
                var loss = trainer.Run(Parts(batch), schedule.Rate(step)).Loss;
                step++;
                TrainedTokens += tokens;
                _lossSum += loss;
                var ended = step % perEpoch == 0;
                if (ended)
                {
                    Measure(trainer, epoch, _lossSum / perEpoch);
                    _lossSum = 0;
                }

                var isKept = ended || step % settings.CheckpointEvery == 0;
                if (isKept)
                {
                    Write();
                }

                onProgress?.Invoke(Progress() with
                {
                    Loss = loss,
                    Epoch = ended ? _epochs[^1] : null,
                    IsCheckpoint = isKept,
                    TimeLeft = Stopwatch.GetElapsedTime(started) / (step - first) * (steps - step),
                });
            }
        }

        if (step == first)
        {
            _durable = TrainedTokens;
            onProgress?.Invoke(Progress(isResumed: true)); // An earlier start had done all steps.
        }

        TrainingProgress Progress(bool isResumed = false) => new("training")
        {
            Step = step,
            Steps = steps,
            TrainedTokens = TrainedTokens,
            DurableTokens = _durable,
            ResumedTokens = isResumed ? _durable : null,
        };

        void Write()
        {
            checkpoints?.Write(trainer, _epochs, _best, _lossSum);
            _durable = TrainedTokens;
        }

        void StopIfCancelled()
        {
            if (cancellationToken.IsCancellationRequested && step > first)
            {
                Write();
                onProgress?.Invoke(Progress() with { IsCheckpoint = true });
            }

            cancellationToken.ThrowIfCancellationRequested();
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

    /// <summary>Measures an epoch on the rows that end the training, or for the reader on those held out. A cancellation waits for it:
    /// the step before it counts only with the checkpoint that follows.</summary>
    private void Measure(Trainer trainer, int epoch, double trainLoss)
    {
        var rows = set.Watch.Length > 0 ? set.Watch : set.HeldOut;
        var scores = Predict(trainer, rows, CancellationToken.None);
        var loss = rows.Select((row, i) => -Math.Log(Math.Max(1e-12, scores[i][set.Labels[row]]))).DefaultIfEmpty(0).Average();
        var metrics = ClassificationMetrics.Of(
            [.. rows.Select((row, i) => (set.Labels[row], Array.IndexOf(scores[i], scores[i].Max())))], set.Names);
        _epochs.Add(new EpochMetrics(epoch + 1, loss, metrics.Accuracy, metrics.Macro.F1, trainLoss));
        if (_stopping.Observe(loss) && numbers.Patience > 0 && set.Watch.Length > 0 && checkpoints is not null)
        {
            checkpoints.WriteBest(trainer);
            _best = trainer.Step;
        }
    }
}
