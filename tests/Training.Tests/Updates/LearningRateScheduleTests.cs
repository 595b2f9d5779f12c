using Tollgate.Training.Updates;

namespace Tollgate.Training.Tests.Updates;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(LearningRateShape.Linear, 0, 0.25)]
    [InlineData(LearningRateShape.Linear, 3, 1)]
    [InlineData(LearningRateShape.Linear, 4, 1)]
    [InlineData(LearningRateShape.Linear, 9, 0.5)] // 5 of 10 steps are left.
    [InlineData(LearningRateShape.Linear, 14, 0)]
    [InlineData(LearningRateShape.Linear, 20, 0)]
    [InlineData(LearningRateShape.Cosine, 4, 1)]
    [InlineData(LearningRateShape.Cosine, 9, 0.5)]
    [InlineData(LearningRateShape.Cosine, 14, 0)]
    [InlineData(LearningRateShape.Constant, 1, 0.5)]
    [InlineData(LearningRateShape.Constant, 13, 1)]
    public void Rate_rises_to_the_peak_and_falls(object shape, long step, double share)
    {
        var schedule = new LearningRateSchedule(0.02, WarmUp: 4, Steps: 14, (LearningRateShape)shape);

        Assert.Equal(0.02 * share, schedule.Rate(step), 1e-12);
    }
}
