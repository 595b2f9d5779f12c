using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tensors;

/// <summary><c>POST /v2/models/{model}/infer</c>: a call of a model of any kind.</summary>
public sealed partial record InferRequest : InferenceRequest
{
    /// <summary>The only version that may answer; null for any.</summary>
    public string? Version { get; init; }

    /// <summary>The client's own name of the request, which the answer repeats; null without one.</summary>
    public string? Id { get; init; }

    /// <summary>At least one, each name once.</summary>
    public required IReadOnlyList<InferTensor> Inputs { get; init; }

    /// <summary>The outputs that are wanted, each name once; null for all.</summary>
    public IReadOnlyList<InferOutput>? Outputs { get; init; }

    /// <summary>Whether outputs that name no form come in binary form.</summary>
    public bool BinaryOutputs { get; init; }

    /// <summary>Elements of all inputs.</summary>
    public long InputElements => Inputs.Sum(input => input.Elements);

    public override bool Generates => false;

    /// <summary>Where the JSON ends and where the bytes of tensors begin.</summary>
    internal ByteRange Gap { get; init; }

    /// <summary>The body with the model's real name, and the version where the URL names one. Behind the JSON follow the bytes of tensors
    /// at once, so that its end is where the object ends.</summary>
    /// <inheritdoc/>
    public override byte[] Rewrite(ReadOnlyMemory<byte> body, string model, long outputCap)
    {
        var version = Version is null ? "" : $"\"model_version\":\"{JsonEncodedText.Encode(Version)}\",";
        return Join(
            body.Span,
            [
                new Splice(new ByteRange(Edits.ObjectStart, 0), $"\"model\":\"{JsonEncodedText.Encode(model)}\",{version}"),
                new Splice(Gap, ""),
            ]);
    }
}

/// <summary>A tensor of a request.</summary>
/// <param name="Shape">Dimensions, none negative.</param>
/// <param name="Content">Its elements in binary form, row-major. Of BYTES the length of each string stands before it.</param>
public sealed record InferTensor(string Name, TensorType Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Content)
{
    /// <summary>The product of the dimensions.</summary>
    public long Elements => Shape.Aggregate(1L, TensorSignature.Multiply);
}

/// <summary>An output that a request wants.</summary>
/// <param name="Binary">Whether in binary form; null where the request as a whole decides.</param>
public sealed record InferOutput(string Name, bool? Binary);
