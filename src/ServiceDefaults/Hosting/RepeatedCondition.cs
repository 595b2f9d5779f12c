using Microsoft.Extensions.Logging;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Something that a loop meets at every try for as long as it lasts, such as a service that is away: logged when it begins, once more for each
/// new reason, and when it is over, not at every try between. Thread-safe.
/// </summary>
/// <param name="what">The condition as the log shows it at its end, such as "Usage waits for Billing".</param>
public sealed partial class RepeatedCondition(string what, TimeProvider clock)
{
    private const int MostReasons = 8; // Reasons that never repeat must not fill memory, nor the log.
    private readonly HashSet<string> _reasons = [];
    private readonly Lock _lock = new();
    private long _since;
    private int _times;

    /// <summary>Counts one more time. True when this one is to be logged.</summary>
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

    /// <summary>Logs the end when the condition lasted until now.</summary>
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
