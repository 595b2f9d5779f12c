using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The operator's <c>usage rejected</c> verbs on a running system.</summary>
[Collection(KillableTollgate.Name)]
public sealed class UsageCommandTests(KillableTollgate killable)
{
    [Fact]
    public async Task Rejected_usage_is_listed_booked_or_dismissed_and_the_books_agree()
    {
        var running = await killable.AliveAsync();
        var now = TimeProvider.System.GetUtcNow();
        var (first, second) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        await RejectAsync(running, first);
        await RejectAsync(running, second);

        var listed = (await running.Commands.RunAsync("usage", "rejected", "list")).Succeeded();
        var booked = (await running.Commands.RunAsync("usage", "rejected", "book", $"req_{first:N}", "--reason", "a test")).Succeeded();
        (await running.Commands.RunAsync("usage", "rejected", "dismiss", $"req_{second:N}", "--reason", "a test")).Succeeded();
        var again = await running.Commands.RunAsync("usage", "rejected", "book", $"req_{first:N}", "--reason", "a test");

        Assert.Matches($"req_{first:N} .*tiny-assistant +100 +10 +0\\.000065 The price version is unknown", listed);
        Assert.Contains("is booked", booked, StringComparison.Ordinal);
        Assert.Equal(0.000065m, (await running.Books.OneAsync(first)).Amount); // 100 x 0.50 + 10 x 1.50 millionths.
        Assert.Empty(await running.Books.OfRequestAsync(second));
        Assert.Equal(1, again.ExitCode);
        Assert.Contains($"No rejected usage req_{first:N} waits", again.Error, StringComparison.Ordinal);
        await running.Books.AssertAgreeAsync();
    }

    private static Task<string?> RejectAsync(RunningTollgate running, Guid requestId) => running.Books.TextAsync(
        """
        insert into billing.usage_rejected (organization_id, request_id, seq, reason, event, journal_id)
        select organization_id, $1, 0, 'The price version is unknown.', json_build_object(
          'requestId', $1, 'organizationId', organization_id, 'projectId', $1, 'keyId', $1, 'model', 'tiny-assistant',
          'endpoint', 'chat.completions', 'streamed', false, 'attempt', 1, 'priceVersion', $1, 'epoch', 0,
          'units', json_build_object('input', 100, 'output', 10), 'delivered', 10, 'outcome', 1, 'admittedAt', now(),
          'finishedAt', now())::text,
          gen_random_uuid()
        from billing.wallets limit 1
        returning 'done'
        """,
        requestId);
}
