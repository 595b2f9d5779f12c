using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Ends the wait of a stopping gateway for its running requests.</summary>
internal sealed class DrainGate : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenRegistration _stopping;
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;

    public DrainGate(IHostApplicationLifetime lifetime, IOptions<ForwardingOptions> options, TimeProvider clock)
    {
        DrainBegun = lifetime.ApplicationStopping;
        _timeout = options.Value.DrainTimeout;
        _timer = clock.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), _ended, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(
            static state => ((DrainGate)state!)._timer.Change(((DrainGate)state)._timeout, Timeout.InfiniteTimeSpan), this);
    }

    /// <summary>Cancelled when the gateway begins to stop.</summary>
    public CancellationToken DrainBegun { get; }

    /// <summary>Cancelled when the time for running requests is over.</summary>
    public CancellationToken DrainEnded => _ended.Token;

    public void Dispose()
    {
        _stopping.Dispose();
        _timer.Dispose();
        _ended.Dispose();
    }
}
