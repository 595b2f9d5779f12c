using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Authentication;

/// <summary>
/// Tells Accounts every two seconds, and once more at the end, how keys were used. A batch that was not taken is kept as it is and sent
/// again, so it counts once however often it arrives; what comes meanwhile waits in its counters. A killed gateway loses what it had not
/// sent: at most two seconds while Accounts answers.
/// </summary>
internal sealed partial class KeyUseReporter(
    KeyUseCounters counters, IHttpClientFactory clients, TimeProvider clock, ILogger<KeyUseReporter> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(2), IsBeat: true, StartsAtOnce: false), clock, logger)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);
    private readonly Guid _boot = Guid.CreateVersion7(clock.GetUtcNow());
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _sequence;
    private KeyUseBatch? _unsent;

    protected override string Failure => "Uses of keys wait for Accounts";

    /// <summary>Sends everything that was counted.</summary>
    /// <exception cref="HttpRequestException">Accounts did not take it; it is kept and sent again.</exception>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            for (var more = true; more;)
            {
                more = _unsent is not null; // What was counted since then follows it.
                if ((_unsent ??= TakeBatch()) is not { } batch)
                {
                    break;
                }

                await SendAsync(batch, cancellationToken);
                more |= batch.Uses.Count == KeyUseBatch.MostUses;
                _unsent = null;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryRunOnceAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (HttpRequestException or OperationCanceledException))
        {
            return false;
        }

        LogAway(logger, exception.Message);
        return true;
    }

    private KeyUseBatch? TakeBatch() =>
        counters.Take(KeyUseBatch.MostUses) is { Count: > 0 } uses ? new KeyUseBatch(_boot, ++_sequence, uses) : null;

    private async Task SendAsync(KeyUseBatch batch, CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient("accounts");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(AnswerTimeout);
        using var response = await http.PostAsJsonAsync("/internal/keys/uses", batch, ContractsJson.Default.KeyUseBatch, timeout.Token);
        response.EnsureSuccessStatusCode();
    }

    [LoggerMessage(1, LogLevel.Information, "Accounts did not take how keys were used; it is kept and sent again. {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
