using System.Globalization;
using System.Text;
using Tollgate.Contracts.Datasets;
using Xunit.Abstractions;

namespace Tollgate.Contracts.Tests.Datasets;

public sealed class ReaderMemoryTests(ITestOutputHelper output)
{
    private const long Gigabyte = 1L << 30;

    /// <summary>Twice the row of 1 MiB that is held while it grows, and the buffer of the stream.</summary>
    private const long MostAllocated = 4 * 1024 * 1024;

    [Theory]
    [InlineData("{\"text\":\"", "\"}\n{\"text\":\"x\",\"label\":\"a\"}\n{\"text\":\"y\",\"label\":\"b\"}", "line_too_long", 1, 1)]
    [InlineData("text,label\n", ",a\nfine,a\npoor,b\n", "line_too_long", 2, 1)]
    [InlineData("text,label\n\"", "\",a\nfine,a\npoor,b\n", "open_quote", 2, 1)]
    public async Task ReadAsync_refuses_a_line_of_a_gigabyte_without_holding_it(
        string before, string after, string code, long line, int column)
    {
        using var file = new LongLine(before, Gigabyte, after);
        var reader = DatasetReader.For(DatasetPurpose.FineTune);
        var allocated = GC.GetAllocatedBytesForCurrentThread();

        var reading = reader.ReadAsync(file, CancellationToken.None);

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        output.WriteLine($"{allocated:N0} bytes allocated");
        Assert.True(reading.IsCompletedSuccessfully, "The stream answers at once, so that all was read by this thread.");
        var report = await reading;
        var fault = Assert.Single(report.Faults);
        Assert.Equal((code, line, column), (fault.Code, fault.Line, fault.Column));
        Assert.Equal((3, 2), (report.Rows, report.GoodRows)); // The rows after the long one are read.
        Assert.Equal(before.Length + Gigabyte + after.Length, report.Bytes);
        Assert.InRange(allocated, 1, MostAllocated);
    }

    [Fact]
    public async Task ReadAsync_refuses_a_first_line_of_a_gigabyte_after_its_limit()
    {
        using var file = new LongLine("", Gigabyte, "");

        var report = await DatasetReader.For(DatasetPurpose.FineTune).ReadAsync(file, CancellationToken.None);

        Assert.True(report.IsStopped);
        Assert.Equal(("line_too_long", 1L), (report.Faults.Single().Code, report.Faults.Single().Line));
        Assert.Equal((1024 * 1024) + 1, report.Bytes);
    }

    [Fact]
    public void Feed_allocates_no_more_for_the_second_half_of_bad_lines()
    {
        // Lines that are refused before any text is made: what they leave behind must not grow with the file.
        var reader = DatasetReader.ForExamples(DatasetLimits.Examples with { MaxFaults = int.MaxValue });
        var line = Encoding.UTF8.GetBytes(new string('x', 200) + "\0\n");
        reader.Feed("text,label\n"u8);
        Feed(reader, line, 1_000);
        var held = GC.GetAllocatedBytesForCurrentThread();

        Feed(reader, line, 10_000);

        var perLine = (GC.GetAllocatedBytesForCurrentThread() - held) / 10_000;
        output.WriteLine($"{perLine} bytes a line");
        Assert.InRange(perLine, 0, 100);
    }

    [Fact]
    public void Add_costs_at_most_150_bytes_a_text()
    {
        const int Texts = 200_000;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var index = new TextIndex();

        for (var i = 0; i < Texts; i++)
        {
            index.Add((UInt128)i * 0x9E3779B97F4A7C15, i, 0);
        }

        var perText = (GC.GetAllocatedBytesForCurrentThread() - allocated) / Texts;
        output.WriteLine(perText.ToString(CultureInfo.InvariantCulture));
        Assert.InRange(perText, 36, 150);
        GC.KeepAlive(index);
    }

    private static void Feed(DatasetReader reader, byte[] line, int times)
    {
        for (var i = 0; i < times; i++)
        {
            reader.Feed(line);
        }
    }

    /// <summary>Two texts with so many letters between them, made while they are read.</summary>
    private sealed class LongLine(string before, long letters, string after) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => before.Length + letters + after.Length;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            if (_position >= before.Length && _position < before.Length + letters)
            {
                var count = (int)Math.Min(buffer.Length, before.Length + letters - _position);
                buffer[..count].Fill((byte)'x');
                _position += count;
                return count;
            }

            var text = _position < before.Length ? before[(int)_position..] : after[(int)(_position - before.Length - letters)..];
            var written = Encoding.UTF8.GetBytes(text.AsSpan(0, Math.Min(text.Length, buffer.Length)), buffer);
            _position += written;
            return written;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
