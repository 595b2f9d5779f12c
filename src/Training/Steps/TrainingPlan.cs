namespace Tollgate.Training.Steps;

/// <summary>How a model is trained: what the graph of a step depends on.</summary>
internal sealed record TrainingPlan
{
    /// <summary>Output of the forward graph that the loss reads.</summary>
    public required string Logits { get; init; }

    public required LossKind Loss { get; init; }

    /// <summary>Which parameters change; the others are frozen and get no gradient work. Default: all.</summary>
    public Func<string, bool> IsTrained { get; init; } = _ => true;

    /// <summary>L2 regularization: half of this times the sum of the squares of the decayed parameters joins the loss. Default 0.</summary>
    public float SquaresFactor { get; init; }

    /// <summary>Where numbers are dropped in training. Default: nowhere.</summary>
    public IReadOnlyList<DropoutPlace> Dropout { get; init; } = [];

    /// <summary>Decides the dropout masks of every step, and nothing else.</summary>
    public ulong Seed { get; init; }

    /// <summary>Most steps in time through which a recurrence's gradient flows. Default 0: all.</summary>
    public int Truncation { get; init; }

    public Optimizer Optimizer { get; init; } = new();

    /// <summary>Threads of ONNX Runtime. Default 1. Results are equal bit for bit only between runs with equal threads.</summary>
    public int Threads { get; init; } = 1;
}

/// <summary>AdamW; without decay it is Adam.</summary>
/// <remarks>Kingma and Ba, Adam (2015); Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019).</remarks>
internal sealed record Optimizer
{
    /// <summary>How much of the first moment stays at each step, 0 to 1.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>How much of the second moment stays at each step, 0 to 1.</summary>
    public double Beta2 { get; init; } = 0.999;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decay of the weights at each step, times the learning rate. Default 0.</summary>
    public double Decay { get; init; }

    /// <summary>Which parameters decay, by name and shape. Default: those with two dimensions above 1, so neither biases nor the
    /// scales of normalizations.</summary>
    public Func<string, long[], bool> IsDecayed { get; init; } = (_, shape) => shape.Count(dimension => dimension > 1) > 1;

    /// <summary>Largest norm over all gradients; larger ones are scaled down to it. Default 0: no limit.</summary>
    public double ClipNorm { get; init; }
}

/// <summary>A tensor of the forward graph that is dropped out: readers see each number times 0, or times 1 / (1 − rate).</summary>
/// <param name="Tensor">Name in the forward graph.</param>
/// <param name="Rate">Share of the numbers that become 0; above 0 and below 1.</param>
internal sealed record DropoutPlace(string Tensor, float Rate);
