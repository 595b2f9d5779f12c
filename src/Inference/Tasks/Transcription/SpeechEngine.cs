using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>
/// Writes the windows of all requests to one model. A turn takes the oldest window of its organization, with others of the same one and of
/// organizations that may ride along, and writes them together, see <see cref="WindowSteps"/>; turns are fair, see
/// <see cref="FairTurns"/>. Thread-safe.
/// </summary>
/// <param name="most">Windows of a turn.</param>
internal sealed class SpeechEngine(WhisperSessions sessions, FairTurns turns, int most)
{
    /// <summary>What a window costs beside its tokens, in tokens that take as long.</summary>
    private const int TokensPerWindow = 100;

    private readonly Lock _gate = new();
    private readonly LinkedList<SpeechWork> _waiting = new();

    /// <summary>Writes the next window of a request.</summary>
    /// <returns>Its segments; none for a refused recording, whose <see cref="SpeechWork.Transcriber"/> stays null.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled: nothing is computed for it any more.</exception>
    /// <exception cref="DisplacedException">Its place was given away before anything was computed.</exception>
    public async Task<IReadOnlyList<SpeechSegment>> WriteNextAsync(SpeechWork work)
    {
        lock (_gate)
        {
            work.Ask();
            _waiting.AddLast(work);
        }

        await using var registration = work.CancellationToken.UnsafeRegister(_ => Withdraw(work), null);
        try
        {
            while (IsWaiting(work))
            {
                using var turn = await work.Place.TakeTurnAsync(work.Taken);
                await Task.Run(() => ServeAsync(turn, work.Place.Party), CancellationToken.None);
            }
        }
        catch (DisplacedException)
        {
            Withdraw(work);
            throw;
        }
        catch (OperationCanceledException) when (work.Taken.IsCancellationRequested)
        {
            // It waits for no turn any more: another's has taken it up, or it was withdrawn.
        }

        return await work.Window;
    }

    private bool IsWaiting(SpeechWork work)
    {
        lock (_gate)
        {
            return work.IsWaiting;
        }
    }

    private void Withdraw(SpeechWork work)
    {
        lock (_gate)
        {
            _waiting.Remove(work);
            work.Withdraw();
        }

        work.EndWait();
    }

    /// <summary>One turn. Recordings are decoded and heard first, so that requests which come meanwhile are taken up too.</summary>
    private async Task ServeAsync(FairTurns.Turn turn, Party leader)
    {
        var windows = new List<WindowInWork>();
        while (windows.Count < most && Take(leader, isFirst: windows.Count == 0) is { } work)
        {
            if (await OpenAsync(turn, work) is { } window)
            {
                windows.Add(window);
            }
        }

        WindowSteps.Write(sessions, windows);
    }

    /// <summary>The next window of a turn: the leader's oldest one, then its others, then those of organizations that may ride along.
    /// </summary>
    private SpeechWork? Take(Party leader, bool isFirst)
    {
        SpeechWork? taken = null;
        lock (_gate)
        {
            var own = _waiting.Where(work => work.Place.Party == leader);
            var others = isFirst ? [] : _waiting.Where(work => work.Place.Party != leader
                && turns.MayRide(work.Place.Party, leader, TokensPerWindow));
            foreach (var work in own.Concat(others).ToList())
            {
                _waiting.Remove(work);
                if (work.TryTake())
                {
                    taken = work;
                    break;
                }
            }
        }

        taken?.EndWait();
        return taken;
    }

    /// <summary>Hears a window. Null when nothing is to be written about it.</summary>
    private static async Task<WindowInWork?> OpenAsync(FairTurns.Turn turn, SpeechWork work)
    {
        try
        {
            work.CancellationToken.ThrowIfCancellationRequested();
            var transcriber = await work.PrepareAsync();
            if (transcriber is null || transcriber.IsDone)
            {
                work.Finish([]);
                return null;
            }

            turn.Charge(work.Place.Party, TokensPerWindow);
            return new WindowInWork(
                transcriber.Open(),
                text =>
                {
                    turn.Charge(work.Place.Party, text.Tokens.Count);
                    work.Finish(transcriber.Close(text));
                },
                work.Fail,
                work.CancellationToken);
        }
#pragma warning disable CA1031 // It ends its own request, not the one whose turn it is.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            work.Fail(exception);
            return null;
        }
    }
}
