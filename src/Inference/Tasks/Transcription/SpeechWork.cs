using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>A request at <see cref="SpeechEngine"/>, which asks for one window after the other. Its engine's lock guards it.</summary>
/// <param name="prepare">Decodes the recording, once, in the first turn; null when it is refused.</param>
#pragma warning disable CA1001 // The sources are never disposed: a cancel call may have found the work just before it ended.
internal sealed class SpeechWork(
    FairTurns.Place place, Func<CancellationToken, Task<Transcriber?>> prepare, CancellationToken cancellationToken)
#pragma warning restore CA1001
{
    private TaskCompletionSource<IReadOnlyList<SpeechSegment>> _window = new();
    private CancellationTokenSource _taken = new();

    public FairTurns.Place Place => place;

    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>Null until the first turn, and for a refused recording.</summary>
    public Transcriber? Transcriber { get; private set; }

    /// <summary>Whether the next window waits for a turn.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Cancelled when the window does not wait any more.</summary>
    public CancellationToken Taken => _taken.Token;

    /// <summary>The segments of the window that was asked for.</summary>
    public Task<IReadOnlyList<SpeechSegment>> Window => _window.Task;

    public void Ask()
    {
        _window = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _taken = new();
        IsWaiting = true;
    }

    /// <summary>A turn takes the window up. False when the request has lost its place.</summary>
    public bool TryTake() => place.TryStart() && Leave();

    /// <summary>The window is not wanted any more, if it still waits.</summary>
    public void Withdraw()
    {
        if (Leave())
        {
            _window.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <summary>Ends the wait for a turn. Not under the lock: it runs what waits.</summary>
    public void EndWait() => _taken.Cancel();

    /// <summary>Decodes the recording at the first window.</summary>
    public async Task<Transcriber?> PrepareAsync() => Transcriber ??= await prepare(cancellationToken);

    public void Finish(IReadOnlyList<SpeechSegment> segments) => _window.TrySetResult(segments);

    public void Fail(Exception exception) => _window.TrySetException(exception);

    private bool Leave()
    {
        var waited = IsWaiting;
        IsWaiting = false;
        return waited;
    }
}
