using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Gateway.Journal;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Measures;

/// <summary>Reports to Accounts every second how the versions of measured models did. A report that Accounts does not take stays
/// lost: an operator's decision needs what is new, not all of it.</summary>
internal sealed partial class MeasureReporter(
    VersionMeasures measures, JournalFile journal, IHttpClientFactory clients, TimeProvider clock, ILogger<MeasureReporter> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(1), IsBeat: true, StartsAtOnce: false), clock, logger)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);
    private long _sequence;

    protected override string Failure => "Measures of versions are lost";

    /// <summary>Sends what was counted since the last run, once.</summary>
    /// <exception cref="HttpRequestException">Accounts did not take it.</exception>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (measures.Take() is not { Count: > 0 } taken)
        {
            return;
        }

        var report = new VersionReport(journal.Id, journal.Boot, ++_sequence, taken);
        using var http = clients.CreateClient("accounts");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(AnswerTimeout);
        using var response = await http.PostAsJsonAsync(
            VersionReport.Path, report, ContractsJson.Default.VersionReport, timeout.Token);
        response.EnsureSuccessStatusCode();
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (HttpRequestException or OperationCanceledException))
        {
            return false;
        }

        LogLost(logger, exception.Message);
        return true;
    }

    [LoggerMessage(1, LogLevel.Information, "Accounts did not take the measures of versions; they are lost. {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
