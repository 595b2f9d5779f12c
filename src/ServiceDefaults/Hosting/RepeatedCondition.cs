using Microsoft.Extensions.Logging;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Logs a condition that a loop meets at every try, such as an unreachable service: when it begins, once for each new reason, and when it
/// ends, instead of at every try. Thread-safe.
/// </summary>
/// <param name="what">The condition as the log shows it at its end, such as "Usage waits for Billing".</param>
public sealed partial class RepeatedCondition(string what, TimeProvider clock)
{
    private const int MostReasons = 8; // Bounds memory and log when every reason differs.
    private readonly HashSet<string> _reasons = [];
    private readonly Lock _lock = new();
    private long _since;
    private int _times;

    /// <summary>Counts one occurrence. Returns true when the caller should log it.</summary>
    public bool Begins(string reason)
    {
        lock (_lock)
        {
            if (_times++ == 0)
            {
                _since = clock.GetTimestamp();
            }

            return _reasons.Count < MostReasons && _reasons.Add(reason);
        }
    }

    /// <summary>Logs the end of the condition, if it had begun.</summary>
    public void Ends(ILogger logger)
    {
        int times;
        lock (_lock)
        {
            if (_times == 0)
            {
                return;
            }

            (times, _times) = (_times, 0);
            _reasons.Clear();
        }

        LogOver(logger, what, clock.GetElapsedTime(_since).TotalSeconds, times);
    }

    [LoggerMessage(1000, LogLevel.Information, "{What}: over after {Seconds:0.0} s and {Times} tries.")]
    private static partial void LogOver(ILogger logger, string what, double seconds, int times);
}
