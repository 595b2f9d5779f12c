using System.Threading.Channels;
using Tollgate.Contracts.Learning;
using Tollgate.Training.Runs;

namespace Tollgate.Training.Jobs;

/// <summary>An event and its <c>id:</c>.</summary>
internal readonly record struct CountedEvent(long Id, TrainingEvent Event);

/// <summary>
/// Makes the events of a run from the progress of its training, and counts what the run is billed: the durable tokens above those that were
/// paid before, and above those from which it went on. What an earlier run had kept on the disk when it was killed is never billed twice.
/// One thread reports, another reads the events.
/// </summary>
internal sealed class JobEvents(TrainingOrder order, string trainer, TimeProvider clock) : IProgress<TrainingProgress>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Channel<CountedEvent> _events = Channel.CreateUnbounded<CountedEvent>(new() { SingleReader = true });
    private readonly List<double> _losses = [];
    private long? _base;
    private long _count;
    private long _sent;
    private long _sentAt = clock.GetTimestamp();
    private string _stage = "";

    public ChannelReader<CountedEvent> Events => _events.Reader;

    /// <summary>Trained tokens that the run is billed, so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>It waits for a place.</summary>
    public void Wait() => Send(new TrainingEvent(TrainingEventKind.Progress) { Stage = "waiting for a place" });

    /// <summary>It has a place.</summary>
    /// <param name="step">Of the newest checkpoint.</param>
    public void Start(long step) => Send(new TrainingEvent(TrainingEventKind.Started) { Trainer = trainer, Step = step });

    /// <exception cref="TrainingException">The training needs more tokens than the order pays.</exception>
    public void Report(TrainingProgress value)
    {
        if (value.ResumedTokens is { } resumed && _base is null)
        {
            _base = Math.Max(order.PaidTokens, resumed);
            if (value.TokenBound - _base > order.MostTokens)
            {
                throw new TrainingException(
                    $"The training needs up to {value.TokenBound - _base} more tokens, and the order pays {order.MostTokens}.");
            }
        }

        CountTo(value.DurableTokens);
        if (value.Loss is { } loss)
        {
            _losses.Add(loss);
        }

        if (value.Epoch is { } epoch)
        {
            Send(At(value, TrainingEventKind.Epoch, epoch));
        }

        if (value.IsCheckpoint)
        {
            Send(At(value, TrainingEventKind.Checkpoint, value.Epoch));
        }
        else if (value.Epoch is null && (value.Stage != _stage || clock.GetElapsedTime(_sentAt) >= Pause))
        {
            Send(At(value, TrainingEventKind.Progress, null) with { TrainLoss = _losses.Count == 0 ? null : _losses.Average() });
            _losses.Clear();
        }

        _stage = value.Stage;
    }

    /// <summary>The result is at Learning.</summary>
    /// <param name="tokens">Of the whole job.</param>
    public void Finish(long tokens, System.Text.Json.JsonElement result)
    {
        _base ??= Math.Max(order.PaidTokens, tokens); // An earlier run had trained it to its end.
        CountTo(tokens);
        Send(new TrainingEvent(TrainingEventKind.Finished) { TrainedTokens = tokens, Result = result });
    }

    /// <summary>No further run helps.</summary>
    public void Fail(string message, string? param) => Send(
        new TrainingEvent(TrainingEventKind.Failed) { Code = "training_failed", Message = message, Param = param });

    /// <summary>No further event follows. What no event has counted yet is counted by a last one: an error frame counts nothing.</summary>
    public void End()
    {
        if (_sent < _count)
        {
            Send(new TrainingEvent(TrainingEventKind.Progress) { Stage = _stage });
        }

        _events.Writer.Complete();
    }

    private static TrainingEvent At(TrainingProgress value, TrainingEventKind kind, EpochMetrics? epoch) => new(kind)
    {
        Stage = value.Stage,
        Step = value.Step,
        Steps = value.Steps,
        TrainedTokens = value.TrainedTokens,
        SecondsLeft = value.TimeLeft?.TotalSeconds,
        Epoch = epoch?.Epoch,
        TrainLoss = epoch?.TrainLoss,
        ValidLoss = epoch?.Loss,
        Accuracy = epoch?.Accuracy,
        MacroF1 = epoch?.MacroF1,
    };

    private void CountTo(long durable)
    {
        if (_base is { } from && durable - from > _count)
        {
            Volatile.Write(ref _count, durable - from);
        }
    }

    private void Send(TrainingEvent sent)
    {
        (_sentAt, _sent) = (clock.GetTimestamp(), _count);
        _events.Writer.TryWrite(new CountedEvent(_count, sent));
    }
}
