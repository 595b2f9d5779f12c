using System.Globalization;
using System.IO.Compression;
using System.Text;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>
/// A package of npm: a tar in gzip, whose files lie in one folder. Only wanted files are written, under names that the caller gives; what
/// the archive calls the others decides nothing. The library's reader would hold an extended header whole, however long it states to be.
/// </summary>
internal sealed class Tarball : IDisposable
{
    private const int BlockBytes = 512;
    private const int MostEntries = 100_000;
    private const int MostNameBytes = 1 << 16;

    /// <summary>Most bytes that are unpacked on the way to the last wanted file.</summary>
    private const long MostBytes = 16L << 30;

    private readonly string _path;
    private readonly GZipStream _stream;
    private readonly byte[] _block = new byte[BlockBytes];
    private long _read;

    private Tarball(string path) => (_path, _stream) = (path, new GZipStream(File.OpenRead(path), CompressionMode.Decompress));

    /// <summary>Takes files out.</summary>
    /// <exception cref="OperatorException">One is missing, is a link, or has a wrong size, or the archive is no tar.</exception>
    public static async Task ExtractAsync(string path, IReadOnlyList<PackedFile> wanted, CancellationToken cancellationToken)
    {
        using var tarball = new Tarball(path);
        try
        {
            await tarball.ExtractAsync(wanted, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new OperatorException($"'{Path.GetFileName(path)}' is not a sound package: {exception.Message}", exception);
        }
    }

    public void Dispose() => _stream.Dispose();

    private async Task ExtractAsync(IReadOnlyList<PackedFile> wanted, CancellationToken cancellationToken)
    {
        var left = wanted.ToDictionary(file => file.From, StringComparer.Ordinal);
        string? longName = null;
        for (var entries = 0; left.Count > 0 && await ReadHeaderAsync(cancellationToken); entries++)
        {
            var (name, kind, length) = ParseHeader();
            if (entries >= MostEntries || length > MostBytes - _read)
            {
                throw new InvalidDataException("It holds more than a package may.");
            }

            if (kind is 'x' or 'L')
            {
                longName = await ReadNameAsync(kind, length, cancellationToken) ?? longName;
                continue;
            }

            name = longName ?? name;
            longName = null;
            var root = name.IndexOf('/', StringComparison.Ordinal);
            if (kind != 'g' && root > 0 && left.Remove(name[(root + 1)..], out var file))
            {
                if (kind is not ('0' or '\0'))
                {
                    throw new OperatorException($"'{file.From}' of the package is a link or no plain file.");
                }

                await file.WriteAsync(_stream, length, cancellationToken);
                _read += length;
                await SkipAsync(Padding(length), cancellationToken);
            }
            else
            {
                await SkipAsync(length + Padding(length), cancellationToken);
            }
        }

        if (left.Count > 0)
        {
            throw new OperatorException($"'{Path.GetFileName(_path)}' has no file '{left.Keys.First()}'.");
        }
    }

    /// <summary>Reads a header. False at the end, which are zeros, or nothing.</summary>
    private async Task<bool> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        var read = await _stream.ReadAtLeastAsync(_block, BlockBytes, throwOnEndOfStream: false, cancellationToken);
        _read += read;
        return read == 0 || Array.TrueForAll(_block, one => one == 0) ? false
            : read == BlockBytes ? true : throw new EndOfStreamException("It ends within a header.");
    }

    private (string Name, char Kind, long Length) ParseHeader()
    {
        var sum = 0;
        for (var i = 0; i < BlockBytes; i++)
        {
            sum += i is >= 148 and < 156 ? ' ' : _block[i];
        }

        if (ReadOctal(148, 8) != sum)
        {
            throw new InvalidDataException("A header's sum is wrong.");
        }

        var isUstar = ReadText(257, 5) == "ustar";
        var prefix = isUstar ? ReadText(345, 155) : "";
        return (prefix.Length > 0 ? $"{prefix}/{ReadText(0, 100)}" : ReadText(0, 100), (char)_block[156], ReadOctal(124, 12));
    }

    /// <summary>Reads the name of the next entry, where the header is too short for it; null where this tells something else.</summary>
    private async Task<string?> ReadNameAsync(char kind, long length, CancellationToken cancellationToken)
    {
        if (length > MostNameBytes)
        {
            throw new InvalidDataException("A name is too long.");
        }

        var bytes = new byte[length];
        await _stream.ReadExactlyAsync(bytes, cancellationToken);
        _read += length;
        await SkipAsync(Padding(length), cancellationToken);
        var text = Encoding.UTF8.GetString(bytes);
        if (kind == 'L')
        {
            return text.TrimEnd('\0');
        }

        // Lines of "LENGTH KEY=VALUE". A size that replaces the header's would part the two readers of one archive.
        var lines = text.Split('\n').Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].Split('=', 2)).ToArray();
        return Array.Exists(lines, line => line[0] == "size") ? throw new InvalidDataException("An extended header states a size.")
            : Array.Find(lines, line => line is ["path", _])?[1];
    }

    private async Task SkipAsync(long bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(bytes, 1 << 16)];
        _read += bytes;
        while (bytes > 0)
        {
            var part = (int)Math.Min(bytes, buffer.Length);
            await _stream.ReadExactlyAsync(buffer.AsMemory(0, part), cancellationToken);
            bytes -= part;
        }
    }

    private long ReadOctal(int at, int length)
    {
        var text = ReadText(at, length).Trim();
        try
        {
            return text.Length == 0 ? 0 : text[0] != '-' ? Convert.ToInt64(text, 8) : throw new FormatException();
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"A header has no number at {at}."), exception);
        }
    }

    private string ReadText(int at, int length)
    {
        var text = _block.AsSpan(at, length);
        return Encoding.UTF8.GetString(text.IndexOf((byte)0) is >= 0 and var end ? text[..end] : text);
    }

    private static long Padding(long length) => (BlockBytes - (length % BlockBytes)) % BlockBytes;
}
