using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;

namespace Tollgate.Inference.Tasks;

/// <summary>A loaded model that can order documents by a query.</summary>
internal interface IDocumentRanker
{
    /// <summary>Runs the rows of a ranking.</summary>
    EncoderEngine Engine { get; }

    /// <summary>Begins a ranking of its own.</summary>
    DocumentRanking Rank(RerankRequest request);
}

/// <summary>One request's way from documents to scores: rows for the encoder, their outputs, and what they come to.</summary>
internal abstract class DocumentRanking(RerankRequest request)
{
    protected RerankRequest Request => request;

    /// <summary>Cuts query and documents into rows, or refuses them. Called once.</summary>
    public abstract OrRefusal<IReadOnlyList<EncoderRow>> Encode();

    /// <summary>Receives what the encoder computed for a row; any thread, different rows at the same time.</summary>
    public abstract void Read(int row, ReadOnlySpan<float> output);

    /// <summary>Score of each document, in their order; not finite where the model gave none.</summary>
    public abstract DocumentScore[] Score();

    /// <summary>Tokens of a document that may be kept.</summary>
    /// <param name="index">Its place in the request.</param>
    /// <param name="tokens">Tokens that it has.</param>
    /// <param name="room">Tokens that the model reads of it.</param>
    protected OrRefusal<KeptTokens> Cut(int index, int tokens, int room)
    {
        room = Math.Max(room, 0);
        var wanted = Math.Min(tokens, request.MostTokensPerDocument ?? int.MaxValue);
        return wanted <= room || request.Truncate
            ? new KeptTokens(Math.Min(wanted, room))
            : OpenAiError.ContextLengthExceeded(room, wanted, 0, $"documents[{index}]");
    }

    /// <summary>How many tokens are kept, from the first on.</summary>
    protected sealed record KeptTokens(int Count);
}

/// <summary>How relevant a document is.</summary>
/// <param name="Value">What the client reads.</param>
/// <param name="Rank">What documents are ordered by, the highest first: of different ranks the values may be rounded to one.</param>
internal readonly record struct DocumentScore(double Value, double Rank);
