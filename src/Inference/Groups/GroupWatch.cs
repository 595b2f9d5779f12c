using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Groups;

/// <summary>
/// Looks whether the process of a group is live, by its <c>/health/live</c>. Only looks that this process made count: while it stands still
/// itself it makes none, and at most one look fails for it. Thread-safe.
/// </summary>
internal sealed class GroupWatch(IOptions<GroupOptions> options, TimeProvider clock) : IDisposable
{
    /// <summary>Failed looks in a row that end the patience.</summary>
    private const int MostMissed = 5;

    /// <summary>How long a process may take before it answers for the first time.</summary>
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(2);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>How long a look waits for its answer, and the pause between two looks.</summary>
    private TimeSpan Pace => options.Value.Patience / MostMissed;

    /// <summary>Looks at a process again and again. Ends when its patience is over.</summary>
    /// <param name="folder">Of the process.</param>
    /// <returns>What its last look found.</returns>
    /// <exception cref="OperationCanceledException">The process needs no looks any more.</exception>
    public async Task<string> WaitForHangAsync(string folder, CancellationToken cancellationToken)
    {
        var allowed = Math.Max(MostMissed, (int)Math.Ceiling(LongestStart / Pace));
        for (var missed = 0; ;)
        {
            var began = clock.GetTimestamp();
            var fault = await FindFaultAsync(folder, cancellationToken);
            (missed, allowed) = fault is null ? (0, MostMissed) : (missed + 1, allowed);
            if (fault is not null && missed == allowed)
            {
                return fault;
            }

            if (clock.GetElapsedTime(began) is var took && took < Pace)
            {
                await Task.Delay(Pace - took, clock, cancellationToken);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Looks once. Returns null when the process is live.</summary>
    private async Task<string?> FindFaultAsync(string folder, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Pace, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (GroupAddress.Find(folder) is not { } address)
            {
                return "it does not listen yet";
            }

            using var answer = await _http.GetAsync(new Uri(address, "health/live"), either.Token);
            return answer.IsSuccessStatusCode ? null : $"its health call was answered with {(int)answer.StatusCode}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "it does not answer its health calls";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return $"its health call failed: {exception.Message}";
        }
    }
}
