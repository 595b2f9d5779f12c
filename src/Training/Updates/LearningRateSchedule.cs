namespace Tollgate.Training.Updates;

/// <summary>How the learning rate goes on after the warm-up.</summary>
internal enum LearningRateShape
{
    Constant,

    /// <summary>Straight down to 0 after the last step.</summary>
    Linear,

    /// <summary>Half a cosine down to 0 after the last step.</summary>
    Cosine,
}

/// <summary>The learning rate of each step.</summary>
/// <param name="Peak">Rate after the warm-up.</param>
/// <param name="WarmUp">Steps that rise evenly to the peak, the last of them with it.</param>
/// <param name="Steps">All steps, the warm-up included.</param>
internal sealed record LearningRateSchedule(double Peak, int WarmUp, int Steps, LearningRateShape Shape)
{
    /// <param name="step">Counted from 0.</param>
    public double Rate(long step)
    {
        if (step < WarmUp)
        {
            return Peak * (step + 1) / WarmUp;
        }

        var rest = Math.Max(0, (double)(Steps - step) / (Steps - WarmUp));
        return Shape switch
        {
            LearningRateShape.Linear => Peak * rest,
            LearningRateShape.Cosine => Peak * 0.5 * (1 + Math.Cos(Math.PI * (1 - rest))),
            _ => Peak,
        };
    }
}
