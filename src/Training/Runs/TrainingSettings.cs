using Tollgate.Training.Methods;

namespace Tollgate.Training.Runs;

/// <summary>How a model is trained. A number that is null is left to the method (<c>auto</c>).</summary>
public sealed record TrainingSettings
{
    /// <summary>Default: chosen by the size of the file and the budget.</summary>
    public TrainingMethod Method { get; init; }

    /// <summary>Passes over the training part, 1 to 1,000.</summary>
    public int? Epochs { get; init; }

    /// <summary>Rows of a step, 1 to 1,000.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Factor on the method's learning rate, above 0, at most 1,000.</summary>
    public double? LearningRateMultiplier { get; init; }

    /// <summary>Decides divisions, weights, order of rows, dropout and intervals. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Part of the training file that is held out for the evaluation, where no validation file is given. Default 0.2.</summary>
    public double ValidationShare { get; init; } = 0.2;

    /// <summary>Whether a part of the training rows ends the training early: null for the method's own choice, which is yes for
    /// <see cref="TrainingMethod.Lstm"/> alone.</summary>
    public bool? StopsEarly { get; init; }

    /// <summary>Whether rare labels weigh as much as frequent ones. Default no.</summary>
    public bool BalancesLabels { get; init; }

    /// <summary>Longest row, tokens; longer rows are cut, and the model refuses longer texts. Default 256.</summary>
    public int MostTokens { get; init; } = 256;

    /// <summary>Most trained tokens; null for no limit. <see cref="TrainingMethod.Supervised"/> chooses by it, and a method that needs more
    /// is refused.</summary>
    public long? TokenBudget { get; init; }

    /// <summary>Steps from one checkpoint to the next. Default 100.</summary>
    public int CheckpointEvery { get; init; } = 100;

    /// <summary>Threads of ONNX Runtime. Default 1: results are equal bit for bit only between runs with equal threads.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Whether the served weights are stored in 8 bits. Default no.</summary>
    public bool Int8 { get; init; }

    /// <exception cref="TrainingException">A number is out of its range.</exception>
    internal void Check()
    {
        Range("n_epochs", Epochs, 1, Hyperparameters.Most);
        Range("batch_size", BatchSize, 1, Hyperparameters.Most);
        Range("most_tokens", MostTokens, 8, 4_096);
        Range("checkpoint_every", CheckpointEvery, 1, int.MaxValue);
        Range("threads", Threads, 1, 1_024);
        if (LearningRateMultiplier is { } multiplier && !(multiplier is > 0 and <= 1_000))
        {
            throw new TrainingException("learning_rate_multiplier must be above 0 and at most 1000, or auto.")
            {
                Param = "learning_rate_multiplier",
            };
        }

        if (ValidationShare is not (> 0 and < 1))
        {
            throw new TrainingException("validation_share must be above 0 and below 1.") { Param = "validation_share" };
        }
    }

    private static void Range(string name, int? value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new TrainingException($"{name} must be between {least} and {most}{(name[0] is 'n' or 'b' ? ", or auto" : "")}.")
            {
                Param = name,
            };
        }
    }
}
