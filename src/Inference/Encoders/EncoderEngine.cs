using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Encoders;

/// <summary>
/// Runs the rows of all requests to one encoder, rows of like length together, whoever asks for them. An organization's turn runs its
/// oldest request's longest row, with as many others as fit; turns are fair, see <see cref="FairTurns"/>. A long row waits for the
/// requests of its organization that came before it, and for nothing else. Thread-safe.
/// </summary>
/// <param name="run">Runs rows together, such as <see cref="EncoderGraph.Run"/>.</param>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed class EncoderEngine(
    Action<IReadOnlyList<EncoderRow>, EncoderReader> run, BatchLimits limits, FairTurns turns, TimeSpan queueTimeout, TimeProvider clock)
{
    /// <summary>Characters that take about as long to cut into ids as a token takes to run.</summary>
    private const int CharactersPerToken = 64;

    private readonly EncoderPool _pool = new(turns, limits);

    public ModelLoad Load => turns.Load;

    /// <summary>How large its runs are at most.</summary>
    public BatchLimits Limits => limits;

    /// <summary>Runs a request to its end.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled: nothing of it is computed any more. A run that has begun is not
    /// stopped, so that what was computed is known.</exception>
    /// <exception cref="Exception">What the request or the graph threw.</exception>
    public async Task<EncoderOutcome> RunAsync(IEncoderRequest request, CancellationToken cancellationToken)
    {
        using var place = turns.TryJoin(request.Party);
        if (place is null)
        {
            return EncoderOutcome.QueueFull;
        }

        await using var limit = clock.CreateTimer(
            static state => ((FairTurns.Place)state!).Displace(), place, queueTimeout, Timeout.InfiniteTimeSpan);
        var work = new EncoderWork(request, place);
        _pool.Add(work);
        await using var registration = cancellationToken.UnsafeRegister(_ => _pool.Cancel(work), null);
        try
        {
            while (!await HasRunAsync(work))
            {
                using var turn = await place.TakeTurnAsync(work.Left);
                await Task.Run(() => Serve(turn, request.Party), CancellationToken.None);
            }
        }
        catch (DisplacedException)
        {
            _pool.Cancel(work);
            await work.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return EncoderOutcome.Displaced;
        }
        catch (OperationCanceledException) when (work.Left.IsCancellationRequested)
        {
            // Nothing waits for a turn any more; what runs comes to its end.
        }

        await work.Ended;
        if (work.IsRefused)
        {
            return EncoderOutcome.Refused;
        }

        if (request.Pieces is { } pieces)
        {
            await RunPiecesAsync(request, pieces, place, cancellationToken);
        }

        return EncoderOutcome.Done;
    }

    /// <summary>Computes further work. Rows that have come meanwhile go first, those of its own organization too.</summary>
    private async Task RunPiecesAsync(
        IEncoderRequest request, IEnumerable<int> pieces, FairTurns.Place place, CancellationToken cancellationToken)
    {
        using var piece = pieces.GetEnumerator();
        for (var more = true; more;)
        {
            using var turn = await place.TakeTurnAsync(cancellationToken);
            more = await Task.Run(
                () =>
                {
                    Serve(turn, request.Party);
                    return RunPiece(turn, request, piece);
                },
                CancellationToken.None);
        }
    }

    private static bool RunPiece(FairTurns.Turn turn, IEncoderRequest request, IEnumerator<int> piece)
    {
        if (!piece.MoveNext())
        {
            return false;
        }

        turn.Charge(request.Party, piece.Current);
        request.Count(piece.Current);
        return true;
    }

    /// <summary>Whether no turn is needed any more. While another request's turn cuts its texts, that is not known.</summary>
    private async Task<bool> HasRunAsync(EncoderWork work)
    {
        if (!_pool.NeedsTurn(work))
        {
            await work.Encoded;
        }

        return !_pool.NeedsTurn(work);
    }

    /// <summary>One turn: cuts texts until there are rows enough, and runs some of them.</summary>
    private void Serve(FairTurns.Turn turn, Party leader)
    {
        var characters = 0L;
        while (_pool.Claim(leader, characters) is { } work)
        {
            characters += work.Request.Size;
            turn.Charge(work.Party, (int)Math.Min(work.Request.Size / CharactersPerToken, int.MaxValue));
            Encode(work);
        }

        var batch = _pool.Take(leader);
        if (batch.Count > 0)
        {
            Run(turn, batch);
        }
    }

    private void Encode(EncoderWork work)
    {
        IReadOnlyList<EncoderRow>? rows = [];
        Exception? failure = null;
        try
        {
            rows = work.Request.Encode();
        }
#pragma warning disable CA1031 // It ends its own request, not the one whose turn it is.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }
        finally
        {
            _pool.SetRows(work, rows, failure);
        }
    }

    private void Run(FairTurns.Turn turn, IReadOnlyList<RunningRow> batch)
    {
        var failures = new Exception?[batch.Count];
        try
        {
            if (TryRun(batch) is { } failure)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    failures[i] = batch.Count == 1 ? failure : TryRun([batch[i]]); // A row that fails ends its own request alone.
                }
            }

            foreach (var rows in batch.Where((_, i) => failures[i] is null).GroupBy(row => row.Work))
            {
                var tokens = rows.Sum(row => row.Row.Length);
                turn.Charge(rows.Key.Party, tokens);
                rows.Key.Request.Count(tokens);
            }
        }
        finally
        {
            _pool.Finish(batch, failures);
        }
    }

    private Exception? TryRun(IReadOnlyList<RunningRow> batch)
    {
        try
        {
            run([.. batch.Select(row => row.Row)], (row, output) => batch[row].Work.Request.Read(batch[row].Index, output));
            return null;
        }
#pragma warning disable CA1031 // It ends the requests of the rows, which throw it again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception;
        }
    }
}
