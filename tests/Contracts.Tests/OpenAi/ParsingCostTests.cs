using System.Diagnostics;
using System.Text;
using Tollgate.Contracts.OpenAi;
using Xunit.Abstractions;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class ParsingCostTests(ITestOutputHelper output)
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes(
        """{"model":"tiny-assistant","messages":[{"role":"system","content":"You answer briefly."}""" + """
        ,{"role":"user","content":"Why is the sky blue?"}],
        "temperature":0.7,"max_tokens":64,"stream":true}
        """);

    [Fact]
    public void TryParse_allocates_the_result_and_nothing_else()
    {
        const int Rounds = 20_000;
        Parse(Rounds);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();

        Parse(Rounds);

        var elapsed = Stopwatch.GetElapsedTime(start);
        var bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / Rounds;
        output.WriteLine($"{Body.Length} bytes: {elapsed.TotalMicroseconds / Rounds:0.00} µs, {bytes} bytes allocated");

        // The result, the list of two messages 88, three texts 184, and room for one small object.
        Assert.True(ChatRequest.TryParse(Body, out var request, out _));
        var result = SizeOf(() => request with { }) + SizeOf(() => request.Sampling with { })
            + request.Messages.Sum(message => SizeOf(() => message with { }));
        Assert.InRange(bytes, 1, result + 88 + 184 + 32);
    }

    /// <summary>Bytes of an object, by a copy of it.</summary>
    private static long SizeOf(Func<object> copy)
    {
        copy();
        var before = GC.GetAllocatedBytesForCurrentThread();
        copy();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Parse(int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            Assert.True(ChatRequest.TryParse(Body, out _, out _));
        }
    }
}
