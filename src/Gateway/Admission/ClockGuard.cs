using Microsoft.Extensions.Logging;

namespace Tollgate.Gateway.Admission;

/// <summary>
/// Watches that this machine's clock agrees with Redis'. Request ids, and so partitions, carry
/// the local time; prices and periods carry Redis'. Thread-safe.
/// </summary>
internal sealed partial class ClockGuard(TimeProvider local, ILogger<ClockGuard> logger)
{
    /// <summary>Most that the two may differ.</summary>
    internal static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private int _disagrees;

    /// <summary>False when the clocks are too far apart to work; logged once each time they part.</summary>
    public bool Agrees(DateTimeOffset redisTime)
    {
        var apart = (local.GetUtcNow() - redisTime).Duration();
        if (apart <= Tolerance)
        {
            Interlocked.Exchange(ref _disagrees, 0);
            return true;
        }

        if (Interlocked.Exchange(ref _disagrees, 1) == 0)
        {
            Log.ClocksApart(logger, apart);
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "This machine's clock and Redis' are {Apart} apart; no work is admitted until they agree.")]
        public static partial void ClocksApart(ILogger logger, TimeSpan apart);
    }
}
