using System.Numerics.Tensors;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Scores of an embedding model: the cosine of the vectors of query and document.</summary>
internal sealed class CosineRanking(EmbeddingModel model, RerankRequest request) : DocumentRanking(request)
{
    private readonly float[][] _vectors = new float[request.Documents.Count + 1][]; // The query's first.
    private EncoderRow[] _rows = [];

    public override OrRefusal<IReadOnlyList<EncoderRow>> Encode()
    {
        var most = model.Manifest.Limits.ContextLength;
        var query = model.Frame(new PromptInput(Request.Query, null), EmbeddingPurpose.Query);
        if (query.Length > most)
        {
            return OpenAiError.ContextLengthExceeded(most, query.Length, 0, "query");
        }

        var rows = new EncoderRow[_vectors.Length];
        rows[0] = query;
        for (var index = 0; index < Request.Documents.Count; index++)
        {
            var row = model.Frame(new PromptInput(Request.Documents[index], null), EmbeddingPurpose.Document);
            var added = model.FrameLength(EmbeddingPurpose.Document);
            if (!Cut(index, row.Length - added, most - added).TryGet(out var kept, out var tooLong))
            {
                return tooLong;
            }

            rows[index + 1] = model.Shorten(row, kept.Count + added);
        }

        _rows = rows;
        return rows;
    }

    public override void Read(int row, ReadOnlySpan<float> output) => _vectors[row] = model.Pool(output);

    public override DocumentScore[] Score()
    {
        var firsts = new Dictionary<EncoderRow, int>(RowContent.Comparer);
        return [.. Enumerable.Range(1, Request.Documents.Count).Select(row =>
        {
            // Rounding differs between runs of different widths: equal documents have one score.
            firsts.TryAdd(_rows[row], row);
            var cosine = TensorPrimitives.CosineSimilarity<float>(_vectors[0], _vectors[firsts[_rows[row]]]);
            return new DocumentScore(cosine, cosine);
        })];
    }
}
