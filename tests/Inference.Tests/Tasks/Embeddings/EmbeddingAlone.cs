using Tollgate.Inference.Tasks.Embeddings;

namespace Tollgate.Inference.Tests.Tasks.Embeddings;

/// <summary>Embeds without a gateway: no organization, no hold.</summary>
internal static class EmbeddingAlone
{
    public static async Task<EmbeddingResult> EmbedAsync(
        this EmbeddingModel model, IReadOnlyList<EmbeddingInput> inputs, CancellationToken cancellationToken)
    {
        using var place = model.Turns.TryJoin(Guid.Empty)!;
        return (await model.EmbedAsync(inputs, place, mayRun: _ => true, ran: _ => { }, cancellationToken))!;
    }
}
