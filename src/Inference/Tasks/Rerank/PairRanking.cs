using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>Scores of a cross-encoder: the sigmoid of the logit of query and document, read as one sequence.</summary>
internal sealed class PairRanking(CrossEncoder model, RerankRequest request) : DocumentRanking(request)
{
    private readonly float[] _logits = new float[request.Documents.Count];
    private EncoderRow[] _rows = [];

    public override OrRefusal<IReadOnlyList<EncoderRow>> Encode()
    {
        var query = model.Encode(Request.Query);
        var room = model.ContextLength - model.Frame.Length - query.Length;
        if (room < 1)
        {
            return OpenAiError.ContextLengthExceeded(model.ContextLength, query.Length + model.Frame.Length, 0, "query");
        }

        var rows = new EncoderRow[Request.Documents.Count];
        for (var index = 0; index < rows.Length; index++)
        {
            var document = model.Encode(Request.Documents[index]);
            if (!Cut(index, document.Length, room).TryGet(out var kept, out var tooLong))
            {
                return tooLong;
            }

            var (ids, types) = model.Frame.Join(query, document.AsSpan(0, kept.Count));
            rows[index] = new EncoderRow(ids, types);
        }

        _rows = rows;
        return rows;
    }

    public override void Read(int row, ReadOnlySpan<float> output) => _logits[row] = output[0];

    public override DocumentScore[] Score()
    {
        var scores = new DocumentScore[_logits.Length];
        var firsts = new Dictionary<EncoderRow, int>(RowContent.Comparer);
        for (var index = 0; index < scores.Length; index++)
        {
            // Rounding differs between runs of different widths: equal documents have one score.
            firsts.TryAdd(_rows[index], index);
            var logit = _logits[firsts[_rows[index]]];
            scores[index] = new DocumentScore(1 / (1 + Math.Exp(-(double)logit)), logit);
        }

        return scores;
    }
}
