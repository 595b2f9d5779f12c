using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.OpenAi;

namespace Tollgate.Gateway.Forwarding;

/// <summary>An admitted request on its way to a worker.</summary>
/// <param name="Context">The client's side.</param>
/// <param name="Body">What is sent to the worker: the client's bytes with the model's real name and the resolved output cap.</param>
internal sealed record RunningRequest(
    HttpContext Context, ApiCall Call, RequestTicket Ticket, InferenceRoute Route, InferenceRequest Request, string Model, byte[] Body)
{
    /// <summary>Closes the ticket, and keeps for the log line what was charged.</summary>
    public void Close(Outcome outcome, Units charged, long delivered) => Call.Close(Ticket, outcome, charged, delivered);

    /// <summary>Closes the ticket of an answer that is complete; one that the model itself left empty costs nothing.</summary>
    public void Complete(Units units)
    {
        if (EndedAtOnceByItself(units))
        {
            Close(Outcome.Empty, default, 0);
        }
        else
        {
            Close(Outcome.Completed, units, units.Completion);
        }
    }

    /// <summary>Whether nothing was generated although the client neither forbade it nor gave a reason to stop.</summary>
    private bool EndedAtOnceByItself(Units units)
    {
        var sampling = Request switch
        {
            ChatRequest chat => chat.Sampling,
            CompletionRequest completion => completion.Sampling,
            _ => null,
        };
        return units.Completion == 0 && sampling is { Stop.Count: 0, LogitBias: null, MaxTokens: not 0 };
    }
}
