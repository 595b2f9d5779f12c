using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Tollgate.ServiceDefaults.Snapshots;

/// <summary>
/// Holds the newest state for other services and answers their long-polls. The ETag is a hash of the JSON, so that all instances of the
/// publishing service agree on it. Thread-safe.
/// </summary>
public sealed class SnapshotPublisher<T>(JsonTypeInfo<T> json, TimeProvider clock)
{
    /// <summary>Longest wait of a caller for an unchanged snapshot.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(25);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private Published? _current;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Callers that wait for a change of the newest snapshot, and those that were sent away with a newer one.</summary>
    private int _waiting, _away;

    /// <summary>Replaces the snapshot if it differs, and wakes waiting callers.</summary>
    public void Publish(T value)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, json);
        var published = new Published(body, $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 12))}\"");
        lock (_lock)
        {
            if (_current?.ETag == published.ETag)
            {
                return;
            }

            _current = published;
            _away += _waiting;
            _waiting = 0;
            var waiting = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.SetResult();
        }
    }

    /// <summary>
    /// Waits until those who followed when the snapshot changed have asked again, and so have taken it over; at most
    /// <paramref name="patience"/>, for one of them may be gone.
    /// </summary>
    public async Task WaitForFollowersAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            lock (_lock)
            {
                if (_away == 0 || clock.GetElapsedTime(started) >= patience)
                {
                    _away = 0;
                    return;
                }
            }

            await Task.Delay(LookInterval, clock, cancellationToken);
        }
    }

    /// <param name="stopping">
    /// Cancelled when the service stops. Waiting callers are then answered, so that they do not delay the stop.
    /// </param>
    internal async Task<IResult> AnswerAsync(HttpRequest request, CancellationToken stopping, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        var known = request.Headers.IfNoneMatch.ToString();
        var deadline = clock.GetTimestamp();
        while (true)
        {
            Published? current;
            Task changed;
            lock (_lock)
            {
                (current, changed) = (_current, _changed.Task);
                if (current?.ETag == known)
                {
                    _waiting++;
                    _away -= _away > 0 ? 1 : 0;
                }
            }

            if (current is not null && current.ETag != known)
            {
                request.HttpContext.Response.Headers.ETag = current.ETag;
                return TypedResults.Bytes(current.Body, "application/json");
            }

            var left = LongestWait - clock.GetElapsedTime(deadline);
            if (left > TimeSpan.Zero && !stopping.IsCancellationRequested)
            {
                await Task.WhenAny(changed, Task.Delay(left, clock, either.Token));
            }

            StopWaiting(changed, known);
            cancellationToken.ThrowIfCancellationRequested();
            if (left <= TimeSpan.Zero || stopping.IsCancellationRequested)
            {
                return TypedResults.StatusCode(
                    current is null ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status304NotModified);
            }
        }
    }

    /// <summary>Counts a caller out that no change has sent away.</summary>
    private void StopWaiting(Task changed, string known)
    {
        lock (_lock)
        {
            if (!changed.IsCompleted && _current?.ETag == known)
            {
                _waiting--;
            }
        }
    }

    private sealed record Published(byte[] Body, string ETag);
}

/// <summary>Maps a snapshot into an internal group.</summary>
public static class SnapshotEndpoints
{
    /// <summary>
    /// Maps GET with ETag long-poll. Answers at once if the caller's ETag is old; otherwise waits up to 25 s and answers 304, or 503
    /// before the first snapshot.
    /// </summary>
    public static RouteHandlerBuilder MapSnapshot<T>(this IEndpointRouteBuilder routes, string path, SnapshotPublisher<T> publisher) =>
        routes.MapGet(
            path, (HttpRequest request, IHostApplicationLifetime lifetime, CancellationToken cancellationToken) =>
                publisher.AnswerAsync(request, lifetime.ApplicationStopping, cancellationToken));
}
