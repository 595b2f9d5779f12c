using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks;

/// <summary>How a model is imported.</summary>
public sealed record ModelImportOptions
{
    /// <summary>Of <see cref="ParityBound"/>, nats.</summary>
    public const double DefaultParityBound = 0.1;

    /// <summary>A <c>tokenizer.json</c> for an ONNX file. Default: the one beside the model.</summary>
    public string? TokenizerFile { get; init; }

    /// <summary>How an ONNX file's token vectors become one: <c>cls</c>, <c>last</c> or <c>mean</c>. Default: what
    /// <c>1_Pooling/config.json</c> beside the model names, and the mean where there is no such file.</summary>
    public string? Pooling { get; init; }

    /// <summary>Smaller widths of vectors that an embedding model was trained for (Matryoshka). Default: none.</summary>
    public IReadOnlyList<int> Dimensions { get; init; } = [];

    /// <summary>What an embedding model was trained to read before a query, such as <c>query: </c>. Default: nothing.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>What an embedding model was trained to read before a document, such as <c>passage: </c>. Default: nothing.</summary>
    public string? DocumentPrefix { get; init; }

    /// <summary>Description in listings. Default: the one in the file.</summary>
    public string? Description { get; init; }

    /// <summary>Licence, where the file does not name one.</summary>
    public string? Licence { get; init; }

    /// <summary>Output cap of a request that names none. Default: half the context, at most 1,024 tokens.</summary>
    public int? DefaultMaxOutput { get; init; }

    /// <summary>
    /// How texts on <c>/v1/completions</c> reach a decoder, one of <see cref="ModelCompletions"/>. Default: as they are, unless the model
    /// ends at once on plain questions and answers them in a chat.
    /// </summary>
    public string? Completions { get; init; }

    /// <summary>Longest input of an embedding model, tokens. Default: the length of its position table, 8,192 without one.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Steps of a picture whose request names none, for a model that draws. Default: 50, for a consistency model
    /// 4.</summary>
    public int? Steps { get; init; }

    /// <summary>Guidance of a picture whose request names none, for a model that draws. Default: 7.5, for a consistency model
    /// 8.5.</summary>
    public double? Guidance { get; init; }

    /// <summary>What refuses prompts of a model that draws. Default: nothing.</summary>
    public ContentCheck? PromptCheck { get; init; }

    /// <summary>What refuses pictures that a model has drawn. Default: nothing.</summary>
    public ContentCheck? PictureCheck { get; init; }

    /// <summary>Name of the only task that may take the source. Default: the first that does.</summary>
    public string? Task { get; init; }

    /// <summary>Most elements of all outputs of a model of tensors whose size it does not state. Default 1,048,576.</summary>
    public long? MostElements { get; init; }

    /// <summary>How the matrices of a decoder are held, one of <see cref="ModelPrecisions"/>. Default: auto.</summary>
    public string Precision { get; init; } = ModelPrecisions.Auto;

    /// <summary>How keys and values of a decoder are held, one of <see cref="KeyValueTypes"/>. Default: f32.</summary>
    public string KeyValues { get; init; } = KeyValueTypes.Float32;

    /// <summary>How far a decoder in fewer bits than its source may be from it: most nats by which its next tokens diverge, and most of the
    /// logarithm by which its perplexity grows.</summary>
    public double ParityBound { get; init; } = DefaultParityBound;

    /// <summary>Longest logits difference to the source that is accepted of float32.</summary>
    public float Tolerance { get; init; } = 1e-3f;

    /// <summary>Where the comparison runs. Default: the CPU.</summary>
    public SessionFactory Sessions { get; init; } = new(ExecutionProvider.Cpu);

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whose trained model it is. Default: the operator's model, which every key may call.</summary>
    public ModelOwnership? Owned { get; init; }

    /// <inheritdoc cref="ModelManifest.Group"/>
    public string? Group { get; init; }

    /// <summary>Tasks whose importers are asked for the file. Default: all.</summary>
    internal IReadOnlyList<IModelTask> Tasks { get; init; } = ModelTasks.All;
}

/// <summary>A step of an import, for a person who waits.</summary>
/// <param name="Stage">What is being done, lower case, such as <c>converting layers</c>.</param>
/// <param name="Fraction">How much of the stage is done, 0 to 1.</param>
public sealed record ModelImportProgress(string Stage, double Fraction);
