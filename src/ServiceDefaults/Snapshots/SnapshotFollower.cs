using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.ServiceDefaults.Snapshots;

/// <summary>
/// Keeps a copy of another service's snapshot by long-poll. Stores the last good copy on disk, so that this service can restart while the
/// other one is down.
/// </summary>
/// <param name="path">Path of the snapshot, such as <c>/internal/prices</c>.</param>
/// <param name="copy">File of the last good copy; its folder is created. Null stores no copy.</param>
/// <param name="client">Creates a client for the publishing service, with base address and bearer.</param>
public abstract partial class SnapshotFollower<T>(
    string path, string? copy, Func<HttpClient> client, JsonTypeInfo<T> json, TimeProvider clock, ILogger logger) : BackgroundService
    where T : class
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _etag;

    /// <summary>The newest copy; null before the first one.</summary>
    public T? Current { get; private set; }

    /// <summary>Completes when the first copy is available, from the service or from disk.</summary>
    public Task WaitForFirstAsync(CancellationToken cancellationToken) => _first.Task.WaitAsync(cancellationToken);

    /// <summary>Called with every new copy, before <see cref="Current"/> changes.</summary>
    protected virtual void OnChanged(T snapshot)
    {
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await ReadCopyAsync(stoppingToken);
        var unreachable = new RepeatedCondition($"Snapshot {path} cannot be fetched", clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowOnceAsync(stoppingToken);
                unreachable.Ends(logger);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever is wrong with this copy, the last one stands and the next may be right.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (unreachable.Begins(exception.Message))
                {
                    LogUnreachable(logger, path, exception.Message);
                }

                await Task.Delay(RetryDelay, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowOnceAsync(CancellationToken cancellationToken)
    {
        using var http = client();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (_etag is not null)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(_etag));
        }

        using var response = await http.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotModified)
        {
            return;
        }

        response.EnsureSuccessStatusCode();
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        Show(JsonSerializer.Deserialize(body, json) ?? throw new JsonException("The snapshot is null."));
        _etag = response.Headers.ETag?.ToString();
        if (copy is null)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        await File.WriteAllBytesAsync(copy + ".new", body, cancellationToken);
        File.Move(copy + ".new", copy, overwrite: true);
    }

    private async Task ReadCopyAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (File.Exists(copy)
                && JsonSerializer.Deserialize(await File.ReadAllBytesAsync(copy, cancellationToken), json) is { } snapshot)
            {
                Show(snapshot);
            }
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            LogCopyUnreadable(logger, copy!, exception.Message);
        }
    }

    private void Show(T snapshot)
    {
        OnChanged(snapshot);
        Current = snapshot;
        _first.TrySetResult();
    }

    [LoggerMessage(1, LogLevel.Information, "Snapshot {Path} cannot be fetched, the last copy stands: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string path, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Copy {File} of a snapshot cannot be read: {Reason}")]
    private static partial void LogCopyUnreadable(ILogger logger, string file, string reason);
}
