using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A request that an embedding model works on. Its runs count themselves; a cancel ends it between two of them.</summary>
internal sealed class EmbeddingWork(EmbeddingJob job, RequestScope scope) : UnaryRun(scope)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private long _tokens;

    public override Units Units => new(Interlocked.Read(ref _tokens));

    protected override async Task<UnaryOutcome> ComputeAsync(CancellationToken cancellationToken)
    {
        using var place = job.Embedder.Model.Turns.TryJoin(Scope.Identity.Organization);
        if (place is null)
        {
            Scope.NoteRefusal("queue_full");
            return new UnaryOutcome.NotTaken(OpenAiError.Overloaded(RetryAfter));
        }

        using var deadline = job.Embedder.LimitWait(place);
        try
        {
            return await EmbedAsync(place, cancellationToken);
        }
        catch (EmbeddingInputException exception)
        {
            return new UnaryOutcome.Refused(new OpenAiError(400, "invalid_request_error", null, exception.Message, "input"));
        }
        catch (DisplacedException)
        {
            Scope.NoteRefusal("displaced");
            return new UnaryOutcome.Refused(OpenAiError.Overloaded(RetryAfter));
        }
    }

    private async Task<UnaryOutcome> EmbedAsync(FairTurns.Place place, CancellationToken cancellationToken)
    {
        OpenAiError? aboveHold = null;
        var result = await job.Embedder.Model.EmbedAsync(
            [.. job.Request.Inputs.Select(input => input.Text is { } text ? EmbeddingInput.FromText(text)
                : EmbeddingInput.FromIds(input.TokenIds!))],
            place,
            tokens => (aboveHold = Scope.CheckHold(new Units(tokens))) is null,
            tokens => Interlocked.Add(ref _tokens, tokens),
            cancellationToken);
        return result is null
            ? new UnaryOutcome.Refused(aboveHold!)
            : new UnaryOutcome.Computed(json => EmbeddingFormat.WriteList(json, job.Model.Name, job.Request.Base64, result));
    }
}
