using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Journal;

namespace Tollgate.Gateway.Accounting;

/// <summary>
/// Takes over what an earlier boot left: ends its unfinished requests at their last progress, releases holds that may exist, settles again
/// what may not have reached Redis. All of it may happen twice without harm.
/// </summary>
internal sealed partial class JournalRecovery(
    JournalFile journal, RequestJournal requests, TimeProvider clock, ILogger<JournalRecovery> logger)
{
    /// <summary>
    /// Requests that died while their complete answer was being stored: only the store knows whether they are billed in full. End each
    /// with <see cref="EndAnswered"/>; until then they count as running.
    /// </summary>
    public IReadOnlyList<UnfinishedRequest> UnsettledAnswers { get; private set; } = [];

    /// <summary>Recovers and begins the next boot.</summary>
    public void Recover()
    {
        var (mark, boot) = FindLastMark();
        journal.Shipped.Set(mark.Shipped, mark.Database);
        journal.Shipped.Seen = mark.Seen;
        var fold = new RequestFold();
        var reader = new JournalReader(journal, Math.Max(Math.Min(mark.Shipped, mark.Settled), journal.Beginning));
        var resettled = 0;
        while (reader.Read())
        {
            if (fold.Apply(reader) is { } finished && finished.OpenPosition >= mark.Settled)
            {
                requests.Inherit(finished.Request.RequestId, finished.OpenPosition);
                requests.Settle(finished.Request, finished.End);
                resettled++;
            }
        }

        journal.Inherit(fold.Unfinished.Count);
        journal.PrepareAhead();
        journal.Begin(boot + 1);
        foreach (var request in fold.Unfinished)
        {
            requests.Inherit(request.RequestId, request.OpenPosition);
            if (!IsUnsettledAnswer(request))
            {
                End(request);
            }
        }

        UnsettledAnswers = [.. fold.Unfinished.Where(IsUnsettledAnswer)];

        journal.Sync();
        Log.Recovered(logger, journal.Id, journal.Boot, fold.Unfinished.Count, resettled);
    }

    private void End(UnfinishedRequest request)
    {
        if (request.Admitted is { } admitted)
        {
            EndDied(admitted, request);
        }
        else
        {
            requests.Release(request.RequestId, request.OrganizationId);
        }
    }

    /// <summary>Ends one of <see cref="UnsettledAnswers"/>; call once for each.</summary>
    /// <param name="isStored">
    /// Whether its answer can be sent again: then it is billed as complete. Otherwise its last progress is charged, and its key is free.
    /// </param>
    public void EndAnswered(UnfinishedRequest request, bool isStored)
    {
        if (isStored)
        {
            requests.Close(
                request.Admitted!, request.Answer!.End with { Source = UsageSource.Recovery }, SettlementKind.SettleKept);
        }
        else
        {
            EndDied(request.Admitted!, request);
        }
    }

    private static bool IsUnsettledAnswer(UnfinishedRequest request) => request is { Admitted: not null, Answer: not null };

    private void EndDied(AdmittedRequest admitted, UnfinishedRequest request)
    {
        var units = admitted.Capped(request.Progress ?? default); // Without any progress nothing is charged.
        requests.Close(
            admitted,
            new RequestEnd(Outcome.GatewayDied, request.Attempt, UsageSource.Recovery, clock.GetUtcNow(), units.Completion, units)
            {
                RateTokens = admitted.RateTokensOf(units),
            });
    }

    /// <summary>The newest mark, looked for from the end backwards, and the newest boot.</summary>
    private (JournalMark Mark, long Boot) FindLastMark()
    {
        var boot = 0L;
        for (var number = JournalPosition.Segment(journal.End); journal.Find(number) is { } segment; number--)
        {
            boot = Math.Max(boot, segment.ReadHeader()?.Boot ?? 0);
            JournalMark? mark = null;
            var reader = new JournalReader(journal, JournalPosition.Of(number, Segment.HeaderBytes));
            while (reader.Read() && JournalPosition.Segment(reader.RecordPosition) == number)
            {
                if (reader.Type == RecordType.Mark)
                {
                    mark = JournalMark.Read(reader.Payload);
                }
                else if (reader.Type == RecordType.Boot)
                {
                    boot = Math.Max(boot, new RecordReader(reader.Payload).Int64());
                }
            }

            if (mark is not null)
            {
                return (mark, boot);
            }
        }

        return (JournalMark.None, boot);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information,
            "Journal {JournalId}, boot {Boot}: {Ended} unfinished requests taken over, {Resettled} finished ones settled again.")]
        public static partial void Recovered(ILogger logger, Guid journalId, long boot, int ended, int resettled);
    }
}
