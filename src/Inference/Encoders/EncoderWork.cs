using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Encoders;

/// <summary>A request at the engine. Its pool's lock guards it; <see cref="Ended"/> and <see cref="Left"/> are for any thread.</summary>
#pragma warning disable CA1001 // The source is never disposed: a cancel call may have found the work just before it ended.
internal sealed class EncoderWork(IEncoderRequest request, FairTurns.Place place)
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource _encoded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _left = new();

    public IEncoderRequest Request => request;

    public Party Party => place.Party;

    /// <summary>Ends when its texts are cut, and at the latest with the request.</summary>
    public Task Encoded => _encoded.Task;

    /// <summary>Ends when nothing is computed for it any more: well, cancelled, or with the exception of what failed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Cancelled when it needs no turn any more.</summary>
    public CancellationToken Left => _left.Token;

    /// <summary>Whether its texts are cut into rows, or being cut.</summary>
    public bool IsClaimed { get; private set; }

    /// <summary>Whether its texts gave no rows.</summary>
    public bool IsRefused { get; private set; }

    public IReadOnlyList<EncoderRow> Rows { get; private set; } = [];

    /// <summary>Rows that wait for a run, the longest last.</summary>
    public List<int> Waiting { get; } = [];

    /// <summary>Whether a turn could do something for it.</summary>
    public bool NeedsTurn => !IsClaimed || Waiting.Count > 0;

    private int Running { get; set; }

    private bool IsEncoding { get; set; }

    private bool IsCancelled { get; set; }

    private Exception? Failure { get; set; }

    public void Claim() => (IsClaimed, IsEncoding) = (true, true);

    /// <param name="rows">Null when it may not run.</param>
    /// <param name="failure">What ended the cutting; null if nothing did.</param>
    public void SetRows(IReadOnlyList<EncoderRow>? rows, Exception? failure)
    {
        IsEncoding = false;
        IsRefused = rows is null;
        Failure ??= failure;
        if (rows is not null && !IsCancelled)
        {
            Rows = rows;
            Waiting.AddRange(Enumerable.Range(0, rows.Count).OrderBy(row => rows[row].Length).ThenByDescending(row => row));
        }

        _encoded.TrySetResult();
    }

    /// <summary>Takes a waiting row into a run. Returns false when the request has lost its place.</summary>
    public bool TryStart(int row)
    {
        if (!place.TryStart())
        {
            return false;
        }

        Waiting.Remove(row);
        Running++;
        return true;
    }

    /// <summary>A run of one of its rows is over.</summary>
    /// <param name="failure">Ends the request; null for a row that is computed.</param>
    public void Finish(Exception? failure)
    {
        Running--;
        Failure ??= failure;
    }

    /// <summary>Lets what runs come to its end and begins nothing else.</summary>
    public void Cancel() => IsCancelled = true;

    /// <summary>Ends it if nothing is left to do.</summary>
    /// <returns>Whether it has ended.</returns>
    public bool TryEnd()
    {
        if (IsCancelled || Failure is not null)
        {
            IsClaimed = true;
            Waiting.Clear();
        }

        if (NeedsTurn || Running > 0 || IsEncoding)
        {
            return false;
        }

        _encoded.TrySetResult();
        _ = Failure is not null ? _ended.TrySetException(Failure) : IsCancelled ? _ended.TrySetCanceled() : _ended.TrySetResult();
        return true;
    }

    /// <summary>Ends the wait for a turn. Not under the lock: it runs what waits.</summary>
    public void Leave() => _left.Cancel();
}
