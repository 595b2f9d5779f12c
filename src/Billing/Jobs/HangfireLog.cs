using Hangfire.Logging;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Jobs;

/// <summary>
/// Passes on what goes wrong inside Hangfire. <see cref="JobRunner"/> logs failed jobs, and <see cref="JobSchedule"/> an outage of
/// Postgres.
/// </summary>
/// <remarks>Hangfire has one log for a whole process, whose loggers outlive a service that a test disposed.</remarks>
internal sealed partial class HangfireLog(Microsoft.Extensions.Logging.ILogger logger) : ILogProvider
{
    private readonly ILog _quiet = new Quiet();

    public ILog GetLogger(string name) =>
        name.EndsWith(nameof(Hangfire.AutomaticRetryAttribute), StringComparison.Ordinal) ? _quiet : new Errors(name, logger);

    [LoggerMessage(1, Microsoft.Extensions.Logging.LogLevel.Error, "{Part}: {Message}")]
    private static partial void LogError(Microsoft.Extensions.Logging.ILogger logger, Exception? exception, string part, string message);

    private sealed class Errors(string name, Microsoft.Extensions.Logging.ILogger logger) : ILog
    {
        public bool Log(Hangfire.Logging.LogLevel logLevel, Func<string>? messageFunc, Exception? exception = null)
        {
            if (logLevel < Hangfire.Logging.LogLevel.Error)
            {
                return false;
            }

            if (messageFunc is not null && (exception is null || !PostgresOutage.Is(exception)))
            {
                LogError(logger, exception, name, messageFunc());
            }

            return true;
        }
    }

    private sealed class Quiet : ILog
    {
        public bool Log(Hangfire.Logging.LogLevel logLevel, Func<string>? messageFunc, Exception? exception = null) => false;
    }
}
