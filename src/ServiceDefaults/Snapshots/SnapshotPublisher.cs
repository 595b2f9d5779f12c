using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Tollgate.ServiceDefaults.Snapshots;

/// <summary>
/// Holds the newest state of something that other services keep a copy of, and answers their long-polls. The ETag is a hash of the JSON, so
/// that several instances of the publishing service agree on it. Thread-safe.
/// </summary>
public sealed class SnapshotPublisher<T>(JsonTypeInfo<T> json, TimeProvider clock)
{
    /// <summary>Longest that an unchanged snapshot keeps a caller waiting.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(25);

    private readonly Lock _lock = new();
    private Published? _current;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Replaces the snapshot and wakes those who wait, if it differs.</summary>
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
            var waiting = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.SetResult();
        }
    }

    internal async Task<IResult> AnswerAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var known = request.Headers.IfNoneMatch.ToString();
        var deadline = clock.GetTimestamp();
        while (true)
        {
            Published? current;
            Task changed;
            lock (_lock)
            {
                (current, changed) = (_current, _changed.Task);
            }

            if (current is not null && current.ETag != known)
            {
                request.HttpContext.Response.Headers.ETag = current.ETag;
                return TypedResults.Bytes(current.Body, "application/json");
            }

            var left = LongestWait - clock.GetElapsedTime(deadline);
            if (left <= TimeSpan.Zero)
            {
                return TypedResults.StatusCode(
                    current is null ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status304NotModified);
            }

            await Task.WhenAny(changed, Task.Delay(left, clock, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private sealed record Published(byte[] Body, string ETag);
}

/// <summary>Maps a snapshot into an internal group.</summary>
public static class SnapshotEndpoints
{
    /// <summary>GET with ETag long-poll: answers at once when the caller's ETag is old, else waits up to 25 s and answers 304.</summary>
    public static RouteHandlerBuilder MapSnapshot<T>(this IEndpointRouteBuilder routes, string path, SnapshotPublisher<T> publisher) =>
        routes.MapGet(
            path, (HttpRequest request, CancellationToken cancellationToken) => publisher.AnswerAsync(request, cancellationToken));
}
