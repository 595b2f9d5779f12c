using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>A ranking that a model works on. A score that is not a number ends it as a failure of the model.</summary>
internal sealed class RerankRun(RerankJob job, RequestScope scope) : EncoderRun(job.Ranker.Engine, scope)
{
    private readonly DocumentRanking _ranking = job.Ranker.Rank(job.Request);

    public override long Size { get; } = job.Request.Query.Length + job.Request.Documents.Sum(document => (long)document.Length);

    public override void Read(int row, ReadOnlySpan<float> output) => _ranking.Read(row, output);

    protected override OrRefusal<IReadOnlyList<EncoderRow>> Encode() => _ranking.Encode();

    protected override OrRefusal<Action<Utf8JsonWriter>> Answer()
    {
        var scores = _ranking.Score();
        if (!Array.TrueForAll(scores, score => double.IsFinite(score.Rank)))
        {
            return OpenAiError.ModelFailed(job.Model.Name);
        }

        // The order is stable: of equal ranks the first document of the request comes first.
        RankedDocument[] best = [.. Enumerable.Range(0, scores.Length).OrderByDescending(document => scores[document].Rank)
            .Take(job.Request.TopN ?? scores.Length).Select(document => new RankedDocument(document, scores[document].Value))];
        var documents = job.Request.WithDocuments ? job.Request.Documents : null;
        var answer = new RerankAnswer(RequestId, job.Model.Name, best, documents, Units.Prompt);
        return (OrRefusal<Action<Utf8JsonWriter>>)(json => RerankFormat.Write(json, answer));
    }
}

/// <summary>A document's place in the request, and its score.</summary>
internal readonly record struct RankedDocument(int Index, double Score);
