using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Till;

namespace Tollgate.Gateway.Accounting;

/// <summary>
/// The right to run one admitted request, and the duty to account for it: every change goes to the journal before the client can see what
/// it counts. Closed exactly once; a ticket that is disposed unclosed is closed as
/// <see cref="Outcome.FailedBeforeFirstToken"/> or, after progress, as
/// <see cref="Outcome.FailedAfterFirstToken"/> with the last progress. Used by one request at a time; not thread-safe.
/// </summary>
internal sealed partial class RequestTicket(
    AdmittedRequest request, RequestJournal journal, LeaseKeeper leases, TimeProvider clock, ILogger logger) : IDisposable
{
    private readonly Activity? _serverSpan = Activity.Current; // A ticket is made while the request's own span is the current one.
    private int _attempt;
    private Units? _progress;
    private bool _closed;
    private UnsettledAnswer? _answer;

    public Guid RequestId => request.RequestId;

    /// <summary>Redis TIME of the admission.</summary>
    public DateTimeOffset AdmittedAt => request.AdmittedAt;

    /// <summary>The most units that the hold pays for; the worker gets it, and refuses to run more.</summary>
    public Units Bound => request.Bound;

    /// <summary>Output tokens that the hold covers, over all prompts and choices: an <c>id:</c> above it is a broken worker.</summary>
    public long MostOutput => request.Bound.Completion;

    /// <summary>Held in the token buckets.</summary>
    public long HeldRateTokens => request.RateTokens;

    /// <inheritdoc cref="AdmittedRequest.RateTokensOf"/>
    public long RateTokensOf(Units units) => request.RateTokensOf(units);

    /// <summary>Attempt <paramref name="attempt"/> at a worker starts; counts from 1. ADMITTED covers the first.</summary>
    public void StartAttempt(int attempt)
    {
        _attempt = attempt;
        if (attempt > 1)
        {
            journal.StartAttempt(RequestId, attempt);
        }
    }

    /// <summary>
    /// Journals the units of everything up to and including the event that is about to go out. Call before the bytes are written to the
    /// client. The first call, with output 0, means that the prompt was read.
    /// </summary>
    /// <exception cref="JournalFullException">No room: the event must not go out.</exception>
    public void Progress(Units units)
    {
        journal.Progress(RequestId, units);
        _progress = units;
    }

    /// <summary>Journals the end with what is charged, and queues the settlement. Call before the last byte goes out. Never throws for a
    /// full disk: a spare segment serves running requests.</summary>
    /// <param name="charged">Units charged, as the outcome decides: nothing for one without an answer.</param>
    /// <param name="delivered">Output tokens in events handed to the response writer.</param>
    /// <param name="rateTokens">Tokens that stay in the token buckets, where they are not those charged.</param>
    /// <param name="kind">What becomes of the request's claim on its idempotency key.</param>
    /// <exception cref="InvalidOperationException">The ticket is closed already.</exception>
    public void Close(
        Outcome outcome, Units charged, long delivered, long? rateTokens = null, SettlementKind kind = SettlementKind.Settle)
    {
        if (_closed)
        {
            throw new InvalidOperationException("The request was closed before.");
        }

        var end = End(outcome, charged, delivered, rateTokens);
        _closed = true;
        journal.Close(request, end, kind, _serverSpan);
        leases.Spent(request.OrganizationId, request.CostNanoUsd(end.Charged));
    }

    /// <summary>
    /// Journals that a complete answer is about to be stored under its idempotency key. Close the ticket when it is known whether it was:
    /// should this process die before, the next start asks the store and bills in full only what is there.
    /// </summary>
    /// <param name="rateTokens">Tokens that stay in the token buckets.</param>
    /// <param name="keyHash">Of the idempotency key.</param>
    /// <exception cref="JournalFullException">No room: the answer must be neither stored nor sent.</exception>
    public void Answer(Outcome outcome, Units charged, long rateTokens, byte[] keyHash)
    {
        var answer = new UnsettledAnswer(keyHash, End(outcome, charged, charged.Completion, rateTokens));
        journal.Answer(RequestId, answer);
        _answer = answer;
    }

    private RequestEnd End(Outcome outcome, Units charged, long delivered, long? rateTokens)
    {
        var capped = request.Capped(charged);
        if (capped != charged)
        {
            // The operator's loss: the hold was an upper bound, and the worker broke it.
            Log.AboveHold(logger, RequestId, charged, request.Bound);
        }

        var end = new RequestEnd(
            outcome, _attempt, UsageSource.Gateway, clock.GetUtcNow(), Math.Min(delivered, capped.Completion), capped);
        return end with { RateTokens = rateTokens ?? RateTokensOf(capped) };
    }

    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        if (_answer is { End: var end })
        {
            // The answer may be stored, and then it can be sent again.
            Close(end.Outcome, end.Charged, end.Delivered, end.RateTokens, SettlementKind.SettleLost);
        }
        else if (_progress is { } units)
        {
            Close(Outcome.FailedAfterFirstToken, units, units.Completion);
        }
        else
        {
            Close(Outcome.FailedBeforeFirstToken, default, 0);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {RequestId} used {Charged}, more than its hold of {Bound}; charged is the hold.")]
        public static partial void AboveHold(ILogger logger, Guid requestId, Units charged, Units bound);
    }
}
