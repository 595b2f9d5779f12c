using System.Text;
using Tollgate.Contracts.Datasets;
using Tollgate.Learning.Batches;

namespace Tollgate.Learning.Tests.Batches;

public sealed class InputLinesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    [InlineData("\n \n")]
    [InlineData("\uFEFF\n\r\n")]
    public void Lines_are_those_that_the_validation_counts_however_the_file_is_cut(string head)
    {
        var text = head + BatchBench.Lines(3) + "\r\n\t\n" + BatchBench.Line("ü", 4).Replace("}}\n", "}}\r\n", StringComparison.Ordinal)
            + BatchBench.Line("5", 5).TrimEnd('\n');
        var bytes = Encoding.UTF8.GetBytes(text);
        var seen = new List<(long Line, string Id)>();
        var reader = DatasetReader.ForBatch(onLine: line => seen.Add((line.Line, line.CustomId)));
        reader.Feed(bytes);
        var report = reader.Complete();

        Assert.True(report.IsAccepted);
        for (var piece = 1; piece < 40; piece++)
        {
            var lines = new InputLines();
            foreach (var part in bytes.Chunk(piece))
            {
                lines.Feed(part);
            }

            lines.Complete();
            Assert.Equal(seen, lines.Lines.Select(line =>
            {
                var request = LineRequest.Parse(line.Line, bytes.AsMemory((int)line.At, line.Bytes));
                return ((long)request.Line, request.CustomId);
            }));
        }
    }

    [Fact]
    public void Every_line_of_every_batch_has_a_key_and_an_id_of_its_own()
    {
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        var a = LineRequest.Parse(1, Encoding.UTF8.GetBytes(BatchBench.Line("a", 1)));
        var b = LineRequest.Parse(2, Encoding.UTF8.GetBytes(BatchBench.Line("b", 1)));

        string[] keys = [a.IdempotencyKey(one), b.IdempotencyKey(one), a.IdempotencyKey(other), b.IdempotencyKey(other)];
        string[] ids = [LineIds.Of(one, 1), LineIds.Of(one, 2), LineIds.Of(other, 1), LineIds.Of(other, 2)];
        Assert.Equal((4, 4), (keys.Distinct().Count(), ids.Distinct().Count()));
        Assert.InRange(a.IdempotencyKey(one).Length, 1, 255);
    }
}
