using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A request that an embedding model works on.</summary>
internal sealed class EmbeddingRun(EmbeddingJob job, RequestScope scope) : EncoderRun(job.Embedder.Model.Engine, scope)
{
    private readonly float[][] _vectors = new float[job.Request.Inputs.Count][];

    public override long Size { get; } = job.Request.Inputs.Sum(input => (long)(input.Text?.Length ?? input.TokenIds!.Count));

    public override void Read(int row, ReadOnlySpan<float> output) => _vectors[row] = job.Embedder.Model.Pool(output);

    protected override OrRefusal<IReadOnlyList<EncoderRow>> Encode() => job.Embedder.Model.Encode(job.Request.Inputs, "input");

    protected override OrRefusal<Action<Utf8JsonWriter>> Answer()
    {
        var (model, base64, tokens) = (job.Model.Name, job.Request.Base64, Units.Prompt);
        return (OrRefusal<Action<Utf8JsonWriter>>)(json => EmbeddingFormat.WriteList(json, model, base64, _vectors, tokens));
    }
}
