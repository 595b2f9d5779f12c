using Tollgate.Training.Updates;

namespace Tollgate.Training.Methods;

/// <summary>Numbers of a training.</summary>
/// <param name="Epochs">Most passes over the training part.</param>
/// <param name="BatchSize">Rows of a step.</param>
/// <param name="LearningRateMultiplier">Factor on the method's own learning rate.</param>
public sealed record Hyperparameters(int Epochs, int BatchSize, double LearningRateMultiplier)
{
    /// <summary>Most epochs and rows of a batch that are taken.</summary>
    public const int Most = 1_000;

    /// <summary>Epochs without progress that are waited for.</summary>
    internal const int UsualPatience = 4;

    /// <summary>Evaluations without progress after which the training ends; 0: it runs all epochs.</summary>
    internal int Patience { get; init; }

    /// <summary>The learning rate that a multiplier of 1 stands for.</summary>
    internal double BaseRate { get; init; }

    /// <summary>Share of the steps that warm up.</summary>
    internal double WarmUp { get; init; }

    internal LearningRateShape Shape { get; init; } = LearningRateShape.Linear;

    /// <summary>Passes in which the method reads each token of the training part: those that are charged.</summary>
    internal int Passes { get; init; }

    internal double PeakRate => BaseRate * LearningRateMultiplier;

    /// <summary>Fills in what is left to the method.</summary>
    /// <param name="rows">Rows of the training part.</param>
    internal static Hyperparameters Of(TrainingMethod method, int rows, int? epochs, int? batchSize, double? multiplier)
    {
        var found = method switch
        {
            TrainingMethod.Head => new Hyperparameters(epochs ?? HeadEpochs(rows), batchSize ?? 32, multiplier ?? 1)
            {
                BaseRate = 5e-3,
                Passes = 1, // The encoder reads each row once, whatever the epochs of the linear layer.
            },
            TrainingMethod.Encoder => new Hyperparameters(epochs ?? (rows < 10_000 ? 3 : 2), batchSize ?? 16, multiplier ?? 1)
            {
                BaseRate = 5e-5,
                WarmUp = 0.1,
            },
            _ => new Hyperparameters(epochs ?? 20, batchSize ?? 32, multiplier ?? 1)
            {
                BaseRate = 2e-3,
                Patience = UsualPatience,
                Shape = LearningRateShape.Constant,
            },
        };
        return method == TrainingMethod.Head ? found : found with { Passes = found.Epochs };
    }

    /// <summary>About 1,500 steps of 32 rows, within 10 and 200 epochs: the loss of a linear layer is then near its minimum.</summary>
    private static int HeadEpochs(int rows) => (int)Math.Clamp(1_500L * 32 / Math.Max(1, rows), 10, 200);
}
