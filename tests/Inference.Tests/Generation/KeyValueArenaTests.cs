using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class KeyValueArenaTests
{
    [Fact]
    public void A_large_arena_costs_what_is_written_and_gives_that_back()
    {
        var before = ResidentKilobytes();

        using var arena = new KeyValueArena(rows: 32, layers: 8, heads: 4, length: 8192, width: 64); // 8 GiB of addresses.
        var reserved = ResidentKilobytes();
        arena.Copy(from: 0, to: 5, tokens: 2048); // Reads 64 MiB of zeros, writes 64 MiB.
        var written = ResidentKilobytes();
        arena.Release(5);
        var released = ResidentKilobytes();

        Assert.InRange(reserved - before, -50_000, 10_000);
        Assert.InRange(written - reserved, 60_000, 140_000);
        Assert.InRange(written - released, 60_000, 140_000);
    }

    private static long ResidentKilobytes() => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]);
}
