using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Gateway.Calls;

namespace Tollgate.Gateway.Responses;

/// <summary>
/// Runs calls of responses in the background. The service that has made such a call leaves it when the response is cancelled, and when it
/// dies. Whoever asks again after its death gets the answer of the call that runs, so a call ends early only once the store says that the
/// response is not to run any more. Thread-safe.
/// </summary>
internal sealed class BackgroundWatch(ResponseStore store, IOptions<ResponseStoreOptions> options, TimeProvider clock)
{
    /// <summary>Runs a call; at most until the response is cancelled.</summary>
    /// <param name="run">The call. It ends as one whose client leaves where the response is cancelled.</param>
    public async Task RunAsync(HttpContext context, string response, Func<Task> run)
    {
        using var cancelled = new CancellationTokenSource();
        using var over = new CancellationTokenSource();
        context.RequestAborted = cancelled.Token;
        var watch = WatchAsync(ApiCall.Of(context), response, cancelled, over.Token);
        try
        {
            await run();
        }
        finally
        {
            await over.CancelAsync();
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(ApiCall call, string response, CancellationTokenSource cancelled, CancellationToken over)
    {
        using (var left = CancellationTokenSource.CreateLinkedTokenSource(call.CallerLeft, over))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, left.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        while (!over.IsCancellationRequested)
        {
            if (call.Caller is { } caller && !await store.IsToRunAsync(caller, response, over))
            {
                await cancelled.CancelAsync();
                return;
            }

            await Task.Delay(options.Value.CancelPause, clock, over);
        }
    }
}
