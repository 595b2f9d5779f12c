using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Workers;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Why a gateway stops an exchange with a worker before its end.</summary>
internal enum StopCause
{
    None = 0,

    /// <summary>The client's connection is gone.</summary>
    ClientLeft,

    /// <summary>The client's connection stands, but it has not read anything for too long.</summary>
    ClientStalled,

    /// <summary>The worker was silent for too long.</summary>
    WorkerSilent,

    /// <summary>The worker broke the rules of its stream.</summary>
    WorkerBroken,

    /// <summary>The gateway stops.</summary>
    ShuttingDown,

    /// <summary>It came to its end; nothing can stop it any more.</summary>
    Ended,
}

/// <summary>
/// One exchange of one request with one worker. It is not bound to the client's connection: whatever stops it — the client, a timer, the
/// gateway's own stop — first tells the worker by a call, waits a moment for the units that the worker then states, and only then resets
/// the connection, which is what ends the reads that wait on <see cref="Token"/>. The first cause wins. The request's own thread arms the
/// timer; causes come from any thread.
/// </summary>
internal sealed class Attempt : IDisposable
{
    private readonly WorkerClient _client;
    private readonly TimeSpan _cancelTimeout;
    private readonly TimeProvider _clock;
    private readonly Guid _requestId;
    private readonly CancellationTokenSource _reset = new();
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _clientLeft;
    private readonly CancellationTokenRegistration _shuttingDown;
    private readonly TaskCompletionSource<Cancelled?> _confirmed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _cause;
    private StopCause _onTimer;

    public Attempt(Worker worker, RunningRequest running, ForwardingParts parts)
    {
        (Worker, _requestId, _client, _clock) = (worker, running.Ticket.RequestId, parts.Client, parts.Clock);
        _cancelTimeout = running.Endpoint.CancelTimeout ?? parts.Options.Value.CancelTimeout;
        Worker.Enter();
        _timer = _clock.CreateTimer(
            static state => ((Attempt)state!).Stop(((Attempt)state)._onTimer), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _clientLeft = running.Context.RequestAborted.UnsafeRegister(static state => ((Attempt)state!).Stop(StopCause.ClientLeft), this);
        _shuttingDown = (running.Endpoint.IsResumable ? parts.Drain.DrainBegun : parts.Drain.DrainEnded).UnsafeRegister(
            static state => ((Attempt)state!).Stop(StopCause.ShuttingDown), this);
    }

    public Worker Worker { get; }

    /// <summary>Cancelled when the connection to the worker is to be reset.</summary>
    public CancellationToken Token => _reset.Token;

    public StopCause Cause => (StopCause)Volatile.Read(ref _cause);

    /// <summary>Whether something stopped it before its end.</summary>
    public bool Stopped => Cause is not (StopCause.None or StopCause.Ended);

    /// <summary>Gives what follows <paramref name="span"/> of time; then the exchange stops for <paramref name="cause"/>.</summary>
    public void Arm(TimeSpan span, StopCause cause)
    {
        _onTimer = cause;
        _timer.Change(span, Timeout.InfiniteTimeSpan);
    }

    public void Disarm() => _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Stops the exchange, unless something has stopped it already.</summary>
    public void Stop(StopCause cause)
    {
        if (Interlocked.CompareExchange(ref _cause, (int)cause, (int)StopCause.None) == (int)StopCause.None)
        {
            _ = CancelAtWorkerAsync();
        }
    }

    /// <summary>
    /// What the worker said once the request had left its slot, or null when it did not say so in time. Never waits longer than the cancel
    /// timeout after <see cref="Stop"/>; without one it never ends.
    /// </summary>
    public Task<Cancelled?> WaitForUnitsAsync() => _confirmed.Task;

    public void Dispose()
    {
        _clientLeft.Dispose();
        _shuttingDown.Dispose();
        _timer.Dispose();
        Worker.Leave();
        if (Interlocked.CompareExchange(ref _cause, (int)StopCause.Ended, (int)StopCause.None) == (int)StopCause.None)
        {
            _reset.Dispose(); // After a stop the cancellation still uses it.
        }
    }

    private async Task CancelAtWorkerAsync()
    {
        Cancelled? answer = null;
        try
        {
            // Null of a worker that is away or slow: the reset below ends the request there, and the last id is what counts.
            answer = await _client.CancelAsync(Worker, _requestId, _cancelTimeout, _clock);
        }
        finally
        {
            _confirmed.TrySetResult(answer);
            await _reset.CancelAsync();
        }
    }
}
