using Tollgate.Training.Jobs;

namespace Tollgate.Training.Tests.Jobs;

public sealed class BackgroundThreadTests
{
    [Theory]
    [InlineData(true, 5, 19)] // SCHED_IDLE
    [InlineData(false, 0, null)]
    public async Task Work_stays_on_one_thread_of_the_priority_that_was_chosen(bool lowest, int policy, int? nice)
    {
        var (before, after) = await BackgroundThread.RunAsync(
            async () =>
            {
                var first = await File.ReadAllTextAsync("/proc/thread-self/stat");
                await Task.Yield();
                return (first, await File.ReadAllTextAsync("/proc/thread-self/stat"));
            },
            lowest);

        // Fields count from 1; those behind the name, which is in brackets, from 3.
        string[] fields = after[(after.LastIndexOf(')') + 2)..].Split(' ');
        Assert.Equal(before.Split(' ')[0], after.Split(' ')[0]);
        Assert.Equal(policy, int.Parse(fields[41 - 3]));
        Assert.Equal(nice ?? int.Parse(fields[19 - 3]), int.Parse(fields[19 - 3]));
    }

    [Fact]
    public async Task What_the_work_throws_is_thrown() => await Assert.ThrowsAsync<InvalidDataException>(
        () => BackgroundThread.RunAsync<int>(() => throw new InvalidDataException(), lowest: false));

    [Fact]
    public async Task What_the_work_throws_later_is_thrown_too() => await Assert.ThrowsAsync<InvalidDataException>(
        () => BackgroundThread.RunAsync<int>(
            async () =>
            {
                await Task.Yield();
                throw new InvalidDataException();
            },
            lowest: false));
}
