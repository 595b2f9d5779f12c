using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>
/// Runs the requests of one model, fairly. Where the model allows it, a turn runs further requests of like shapes with its own, whoever
/// asks for them; each has the answer that it has alone, bit for bit. A run that takes too long, or whose only request is cancelled, is
/// stopped between two operators. Thread-safe.
/// </summary>
/// <param name="model">Its name, for errors.</param>
/// <param name="batching">Whether requests may share a run, as the model's manifest states.</param>
internal sealed class TensorEngine(
    string model, TensorGraph graph, FairTurns turns, bool batching, TensorOptions options, TimeProvider clock) : IDisposable
{
    /// <summary>Most rows of a run that requests share.</summary>
    public const int MostRows = 32;

    /// <summary>Most elements of the inputs of a run that requests share: larger runs gain nothing on a CPU and make others wait.</summary>
    public const long MostElements = 1 << 20;

    /// <summary>How much more than the turn's organization another one may have been served whose request rides along,
    /// milliseconds.</summary>
    private const int Ahead = 1000;

    private readonly Lock _gate = new();
    private readonly LinkedList<TensorWork> _waiting = new();

    public FairTurns Turns => turns;

    /// <summary>Largest answer, bytes.</summary>
    public long MostAnswerBytes => options.MaxAnswerBytes;

    /// <summary>Runs a request that has its place in the line.</summary>
    /// <exception cref="TensorRunException">It has no answer.</exception>
    /// <exception cref="DisplacedException">The place was given to another organization's request.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled: nothing of it is computed any more.</exception>
    public async Task<IReadOnlyList<TensorOutput>> RunAsync(TensorWork work)
    {
        lock (_gate)
        {
            _waiting.AddLast(work);
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(work.Taken, work.Cancelled);
            using var turn = await work.Place.TakeTurnAsync(either.Token);
            var batch = Take(work);
            if (batch.Count > 0)
            {
                await Task.Run(() => Serve(turn, batch), CancellationToken.None);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or DisplacedException)
        {
            lock (_gate)
            {
                if (_waiting.Remove(work))
                {
                    throw;
                }
            }
        }

        return await work.Answer.Task;
    }

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    public Task WarmUpAsync(CancellationToken cancellationToken) =>
        Task.Run(() => new TensorTrial(graph).WarmUp(batching, cancellationToken), cancellationToken);

    public void Dispose() => graph.Dispose();

    /// <summary>The requests of the next run in a turn; none when another turn has taken the turn's own.</summary>
    private List<TensorWork> Take(TensorWork own)
    {
        List<TensorWork> taken = [];
        lock (_gate)
        {
            if (!_waiting.Remove(own))
            {
                return taken;
            }

            taken.Add(own);
            var (rows, elements) = (own.Rows, own.Elements);
            for (var node = _waiting.First; batching && own.Kind is not null && node is not null;)
            {
                var (next, other) = (node.Next, node.Value);
                if (other.Kind == own.Kind && rows + other.Rows <= MostRows && elements + other.Elements <= MostElements
                    && (other.Place.Party == own.Place.Party || turns.MayRide(other.Place.Party, own.Place.Party, Ahead))
                    && other.Place.TryStart())
                {
                    _waiting.Remove(node);
                    taken.Add(other);
                    (rows, elements) = (rows + other.Rows, elements + other.Elements);
                }

                node = next;
            }
        }

        foreach (var other in taken.Skip(1))
        {
            other.Take();
        }

        return taken;
    }

    private void Serve(FairTurns.Turn turn, List<TensorWork> batch)
    {
        var began = clock.GetTimestamp();
        if (batch.Count == 1 || !TryRunTogether(batch))
        {
            foreach (var work in batch)
            {
                RunAlone(work);
            }
        }

        var elapsed = clock.GetElapsedTime(began).TotalMilliseconds;
        var rows = batch.Sum(work => Math.Max(1, work.Rows));
        foreach (var work in batch)
        {
            turn.Charge(work.Place.Party, (int)Math.Max(1, elapsed * Math.Max(1, work.Rows) / rows));
        }
    }

    private void RunAlone(TensorWork work)
    {
        try
        {
            work.Cancelled.ThrowIfCancellationRequested();
            work.Ran();
            work.Answer.SetResult(Run(run => graph.Run(work.Inputs, work.Outputs, options.MaxAnswerBytes, run), work.Cancelled));
        }
        catch (OperationCanceledException)
        {
            work.Answer.SetCanceled(work.Cancelled);
        }
#pragma warning disable CA1031 // It ends its own request, which throws it again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            work.Answer.SetException(exception);
        }
    }

    /// <summary>False when the requests must run one by one: one of them may be at fault, or the model does not keep rows apart.</summary>
    private bool TryRunTogether(List<TensorWork> batch)
    {
        try
        {
            var outputs = Run(
                run => graph.Run(TensorRows.Join(batch), batch[0].Outputs, (long)options.MaxAnswerBytes * batch.Count, run),
                CancellationToken.None);
            var parts = TensorRows.Split(outputs, [.. batch.Select(work => work.Rows)]);
            for (var i = 0; parts is not null && i < batch.Count; i++)
            {
                batch[i].Ran();
                batch[i].Answer.SetResult(parts[i]);
            }

            return parts is not null;
        }
#pragma warning disable CA1031 // Each request is run again by itself, and its own failure ends it.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private IReadOnlyList<TensorOutput> Run(Func<RunOptions, IReadOnlyList<TensorOutput>> run, CancellationToken cancelled)
    {
        using var runOptions = TensorGraph.MakeOptions();
        using var late = new CancellationTokenSource(options.RunTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancelled);
        using var stop = either.Token.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, runOptions);
        try
        {
            return run(runOptions);
        }
        catch (TensorTooLargeException exception)
        {
            throw new TensorRunException(OpenAiError.AnswerTooLarge(model), exception);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or InvalidOperationException)
        {
            cancelled.ThrowIfCancellationRequested();
            throw new TensorRunException(
                late.IsCancellationRequested ? OpenAiError.RunTooLong(model, options.RunTimeout) : OpenAiError.ModelRefused(model),
                exception);
        }
    }
}
