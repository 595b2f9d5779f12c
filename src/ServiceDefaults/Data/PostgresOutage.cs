using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tollgate.ServiceDefaults.Data;

/// <summary>
/// Answers requests with 503 and <c>Retry-After</c> while Postgres is down or temporarily refuses. Logs at most one line per second,
/// without a stack, because every request fails at the same place. Thread-safe.
/// </summary>
public sealed partial class PostgresOutage(
    IProblemDetailsService problems, TimeProvider clock, ILogger<PostgresOutage> logger) : IExceptionHandler
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private long _nextLine = long.MinValue;
    private long _refused;

    /// <summary>Whether a retry can help: no connection, a timeout, a server that starts or stops, a deadlock.</summary>
    public static bool Is(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is NpgsqlException { IsTransient: true })
            {
                return true;
            }
        }

        return false;
    }

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!Is(exception))
        {
            return false;
        }

        Note(exception);
        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        httpContext.Response.Headers.RetryAfter = RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        var problem = new ProblemDetailsContext
        {
            HttpContext = httpContext,
            ProblemDetails = { Title = "The database does not answer right now. Try again in a moment." },
        };
        if (!await problems.TryWriteAsync(problem))
        {
            await httpContext.Response.WriteAsync(problem.ProblemDetails.Title, cancellationToken); // The client accepts no JSON.
        }

        return true;
    }

    private void Note(Exception exception)
    {
        var refused = Interlocked.Increment(ref _refused);
        var (now, due) = (clock.GetTimestamp(), Interlocked.Read(ref _nextLine));
        if (now >= due
            && Interlocked.CompareExchange(ref _nextLine, now + (long)(LineEvery.TotalSeconds * clock.TimestampFrequency), due) == due)
        {
            Interlocked.Add(ref _refused, -refused);
            LogAway(logger, refused, exception.GetBaseException().Message);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Postgres does not answer; {Refused} requests were refused since the last such line. {Reason}")]
    private static partial void LogAway(ILogger logger, long refused, string reason);
}
