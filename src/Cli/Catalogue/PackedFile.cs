using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>A file that is taken out of a package.</summary>
/// <param name="From">Path in the package, without npm's first folder.</param>
/// <param name="Target">Where it goes. It must not exist.</param>
/// <param name="Least">Fewest bytes that it may have.</param>
/// <param name="Most">Most bytes that it may have.</param>
internal sealed record PackedFile(string From, string Target, long Least, long Most)
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Writes the file.</summary>
    /// <param name="source">Holds it, and may hold more after <paramref name="length"/> bytes.</param>
    /// <exception cref="OperatorException">It has another size than it may, or the source is shorter.</exception>
    public async Task WriteAsync(Stream source, long length, CancellationToken cancellationToken)
    {
        if (length < Least || length > Most)
        {
            throw new OperatorException(
                $"'{From}' of the package has {length} bytes, and {(Least == Most ? $"{Most}" : $"at most {Most}")} are expected.");
        }

        await using var target = new FileStream(Target, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        var buffer = new byte[BufferBytes];
        for (var left = length; left > 0;)
        {
            var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken);
            if (read == 0)
            {
                throw new OperatorException($"'{From}' of the package ends before its {length} bytes.");
            }

            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            left -= read;
        }
    }
}
