using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Generation;

/// <summary>What a scheduler needs of its model and its worker. The scheduler owns none of it.</summary>
internal sealed record DecoderScope
{
    /// <summary>Name for logs and metrics.</summary>
    public required string Model { get; init; }

    public required InferenceSession Session { get; init; }

    public required ModelDecoder Size { get; init; }

    /// <summary>Threads inside one operator; sampling takes as many.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Most tokens of a row: the model's context.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Lengths of chunks of a prompt, tokens, ascending, at most <see cref="GenerationOptions.MaxChunk"/>: those in which the
    /// kernels give each token the same numbers. Or the only one.</summary>
    public required IReadOnlyList<int> ChunkLengths { get; init; }

    /// <summary>Whether prompts that are filled up to one of these lengths and read in one step keep their numbers.</summary>
    public bool ReadsTogether { get; init; }

    /// <summary>Opens the rows of the model: so many, each so many tokens long. The scheduler owns them.</summary>
    public Func<DecoderScope, int, int, IDecoderEngine> Open { get; init; } = DecoderEngines.OpenOnHost;

    public required ITokenizer Tokenizer { get; init; }

    /// <summary>Tokens that end an answer.</summary>
    public required Func<int, bool> IsEnd { get; init; }

    public required GenerationOptions Options { get; init; }

    public required QueueOptions Queue { get; init; }

    /// <summary>Who else has work at this worker.</summary>
    public required QuietOrganizations Quiet { get; init; }

    public required InferenceMetrics Metrics { get; init; }

    public required TimeProvider Clock { get; init; }

    public required ILogger Logger { get; init; }
}
