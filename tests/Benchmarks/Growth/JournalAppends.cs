using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;

namespace Tollgate.Benchmarks.Growth;

/// <summary>How fast a gateway's journal takes records: every event of a stream is one.</summary>
internal static class JournalAppends
{
    private const int Rounds = 10;
    private const int Records = 10_000;

    /// <returns>Records a second in the fastest of some rounds.</returns>
    public static double PerSecond()
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-bench-").FullName;
        try
        {
            var options = Options.Create(new JournalOptions { Folder = folder });
            using var journal = new JournalFile(options, TimeProvider.System, NullLogger<JournalFile>.Instance);
            journal.PrepareAhead();
            journal.Begin(1);
            var requests = new RequestJournal(journal, new Settlements(), TimeProvider.System);
            return Enumerable.Range(0, Rounds).Max(_ => PerSecond(requests, Guid.NewGuid()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double PerSecond(RequestJournal requests, Guid requestId)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Records; i++)
        {
            requests.Progress(requestId, new Units(100, Output: i));
        }

        return Records / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }
}
