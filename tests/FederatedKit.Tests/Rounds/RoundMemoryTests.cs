using Tollgate.FederatedKit.Rounds;
using Tollgate.Testing;

namespace Tollgate.FederatedKit.Tests.Rounds;

public sealed class RoundMemoryTests
{
    [Fact]
    public void Forbids_other_attempts_of_a_round_after_a_disclosure_in_the_next_process_too()
    {
        var path = Path.Combine(TestFolder.Create("memory"), "rounds");
        new RoundMemory(path).Note("task", 1, 2);
        var memory = new RoundMemory(path);

        Assert.True(memory.Forbids("task", 1, 1));
        Assert.True(memory.Forbids("task", 1, 3));
        Assert.False(memory.Forbids("task", 1, 2));
        Assert.False(memory.Forbids("task", 11, 1));
        Assert.False(memory.Forbids("other", 1, 1));
    }
}
