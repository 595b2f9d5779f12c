using System.Runtime.InteropServices;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class LazyMemoryTests
{
    [Fact]
    public void Release_gives_back_whole_pages_inside_the_range_and_nothing_outside()
    {
        using var memory = new LazyMemory(64L << 30); // More than the machine has: only what is touched is committed.
        var start = memory.DangerousGetHandle();
        var page = Environment.SystemPageSize;
        for (var i = 0; i < 4; i++)
        {
            Marshal.WriteByte(start, i * page, 7);
        }

        memory.Release(start: page - 1, length: (2 * page) + 1); // From the last byte of page 0 to the end of page 2.

        Assert.Equal([7, 0, 0, 7], Enumerable.Range(0, 4).Select(i => Marshal.ReadByte(start, i * page)));
    }
}
