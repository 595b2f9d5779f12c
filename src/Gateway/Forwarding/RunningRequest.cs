using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Idempotency;

namespace Tollgate.Gateway.Forwarding;

/// <summary>An admitted request on its way to a worker.</summary>
/// <param name="Context">The client's side.</param>
/// <param name="Body">What is sent to the worker: the client's bytes with the model's real name and the resolved output cap.</param>
internal sealed record RunningRequest(
    HttpContext Context, ApiCall Call, RequestTicket Ticket, InferenceEndpoint Endpoint, InferenceRequest Request, WorkerBody Body)
{
    /// <summary>The model's real name, known before the request was admitted.</summary>
    public string Model => Call.Model!;

    /// <summary>Version of the model; null for any, which runs of trainings take.</summary>
    public string? Version => Call.ModelVersion;

    /// <summary>Of the caller, who was known before the request was admitted.</summary>
    public Guid OrganizationId => Call.Caller!.OrganizationId;

    /// <summary>Closes the ticket, and keeps for the log line what was charged.</summary>
    /// <inheritdoc cref="RequestTicket.Close"/>
    public void Close(
        Outcome outcome, Units charged, long delivered, long? rateTokens = null, SettlementKind kind = SettlementKind.Settle)
    {
        (Call.Outcome, Call.Units) = (outcome, charged);
        Ticket.Close(outcome, charged, delivered, rateTokens, kind);
    }

    /// <summary>Takes in what goes out, for its idempotency key; null when it came without.</summary>
    public AnswerRecording? Recording { get; init; }

    /// <inheritdoc cref="CompletedRequest.Keeper"/>
    public AnswerKeeper? Keeper { get; init; }

    /// <summary>
    /// Closes the ticket of a request that had no answer. What was computed counts in the token buckets; it is billed as far as it is not
    /// forgiven.
    /// </summary>
    /// <param name="computed">What the worker states; null when it stated nothing: then all that was held stays in the token buckets, and
    /// nothing is billed.</param>
    public async Task CloseUnansweredAsync(Outcome outcome, Units? computed, UnansweredWork work)
    {
        var charged = await work.ForgivesAsync(OrganizationId, computed ?? default) ? default : computed ?? default;
        Close(outcome, charged, 0, computed is { } known ? Ticket.RateTokensOf(known) : Ticket.HeldRateTokens);
    }

    /// <summary>
    /// Closes the ticket of a complete answer, after storing the answer under its idempotency key where it came with one. The last bytes
    /// may go out when this ends. An answer that the model itself left empty is work without an answer.
    /// </summary>
    /// <param name="last">What is still to go out.</param>
    /// <returns>What goes out.</returns>
    public async ValueTask<ReadOnlyMemory<byte>> CompleteAsync(Units units, ReadOnlyMemory<byte> last, UnansweredWork work)
    {
        var empty = EndedAtOnceByItself(units);
        var outcome = empty ? Outcome.Empty : Outcome.Completed;
        var charged = empty && await work.ForgivesAsync(OrganizationId, units) ? default : units;
        var kind = SettlementKind.Settle;
        if (Recording is not null)
        {
            // Journaled as complete only when the store has it: a customer whose gateway dies in between has nothing, and pays for
            // nothing.
            Ticket.Answer(outcome, charged, Ticket.RateTokensOf(units), Recording.KeyHash);
            Recording.Append(last.Span);
            kind = await Recording.KeepAsync() ? SettlementKind.SettleKept : SettlementKind.SettleLost;
        }

        Close(outcome, charged, charged.Completion, Ticket.RateTokensOf(units), kind);

        // Kept only when it is paid: whoever reads it by its id has it delivered.
        return Keeper is null ? last : await Keeper(last);
    }

    /// <summary>Whether nothing was generated although the client neither forbade it nor gave a reason to stop.</summary>
    private bool EndedAtOnceByItself(Units units)
    {
        var sampling = Request switch
        {
            ConversationRequest chat => chat.Sampling,
            CompletionRequest completion => completion.Sampling,
            _ => null,
        };
        return Request.Generates && units.Completion == 0 && Request is not ConversationRequest { Format: not null }
            && sampling is { Stop.Count: 0, StopTokenIds.Count: 0, BadWords.Count: 0, LogitBias: null }
            && sampling is { AllowedTokenIds: null, MaxTokens: not 0 };
    }
}
