using System.Globalization;
using System.IO.MemoryMappedFiles;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Sessions;

public sealed class MappedWeightsTests
{
    private const int Bytes = 16 << 20;

    private readonly List<MemoryMappedViewAccessor> _views = []; // A view that is collected would be unmapped.

    [Fact]
    public void Open_gives_back_the_pages_of_weights_that_were_read_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        using var weights = Map(folder.File("weights.bin"));
        using var elsewhere = Map(other.File("weights.bin"));

        var sum = MappedWeights.Open(folder.File("model.onnx"), () => Sum(weights) + Sum(elsewhere));

        Assert.InRange(Resident(folder.File("weights.bin")), 0, Bytes / 4);
        Assert.InRange(Resident(other.File("weights.bin")), Bytes * 3 / 4, Bytes);
        Assert.Equal(sum, Sum(weights) + Sum(elsewhere)); // What was given back comes from the file again.
    }

    private static MemoryMappedFile Map(string path)
    {
        var bytes = new byte[Bytes];
        new Random(3).NextBytes(bytes);
        using (var file = File.Create(path))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        return MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, 0, MemoryMappedFileAccess.Read);
    }

    private long Sum(MemoryMappedFile file)
    {
        var view = file.CreateViewAccessor(0, Bytes, MemoryMappedFileAccess.Read);
        _views.Add(view);
        var sum = 0L;
        for (var at = 0; at < Bytes; at += sizeof(long))
        {
            sum += view.ReadInt64(at);
        }

        return sum;
    }

    /// <summary>Bytes of a file's mappings that are in memory.</summary>
    private static long Resident(string path)
    {
        var (inside, sum) = (false, 0L);
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            inside = char.IsAsciiHexDigitLower(line[0]) ? line.EndsWith(path, StringComparison.Ordinal) : inside;
            if (inside && line.StartsWith("Rss:", StringComparison.Ordinal))
            {
                sum += long.Parse(line["Rss:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) * 1024;
            }
        }

        return sum;
    }
}
