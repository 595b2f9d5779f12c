using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A request that an embedding model works on. Numbers that are not finite end it as a failure of the model.</summary>
internal sealed class EmbeddingRun(EmbeddingJob job, RequestScope scope) : EncoderRun(job.Embedder.Model.Engine, scope)
{
    private readonly float[][] _vectors = new float[job.Request.Inputs.Count][];

    public override long Size { get; } = job.Request.Inputs.Sum(input => (long)(input.Text?.Length ?? input.TokenIds!.Count));

    public override void Read(int row, ReadOnlySpan<float> output) => _vectors[row] = SentenceVector.Shorten(
        job.Embedder.Model.Pool(output), job.Request.Dimensions ?? job.Embedder.Model.Embedding.Width);

    protected override OrRefusal<IReadOnlyList<EncoderRow>> Encode() =>
        job.Embedder.Model.Encode(job.Request.Inputs, job.Request.Purpose);

    protected override OrRefusal<Action<Utf8JsonWriter>> Answer()
    {
        if (!Array.TrueForAll(_vectors, vector => Array.TrueForAll(vector, float.IsFinite)))
        {
            return OpenAiError.ModelFailed(job.Model.Name);
        }

        var (model, base64, tokens) = (job.Model.Name, job.Request.Base64, Units.Prompt);
        return (OrRefusal<Action<Utf8JsonWriter>>)(json => EmbeddingFormat.WriteList(json, model, base64, _vectors, tokens));
    }
}
