using System.Globalization;
using System.Net;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Downloads;

/// <summary>Fetches files into a folder. What is there already is kept: a call that was broken off, or killed, is continued.</summary>
/// <param name="open">Opens a file, by its name, at a byte: as <see cref="HttpFiles.OpenAsync"/>.</param>
/// <param name="report">Receives a line a second.</param>
internal sealed class Download(
    Func<string, long, CancellationToken, Task<HttpResponseMessage>> open, TimeProvider clock, TextWriter report)
{
    private const string Partial = ".part";

    private const int BufferBytes = 1 << 17;

    /// <summary>Breaks in a row, none of which brought a byte, after which a download fails.</summary>
    private const int MostBreaks = 5;

    /// <summary>A connection that brings no byte for this long counts as broken.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Pause after the first break; each further one doubles it. Settable for tests.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Fetches files, checks each by its size and hash, and gives it its name only then.</summary>
    /// <param name="more">Bytes that are needed beside those of the files.</param>
    /// <exception cref="OperatorException">A file differs from its hash, the host refuses it, or there is no room.</exception>
    public async Task FetchAsync(IReadOnlyList<RemoteFile> files, string folder, long more, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var missing = files.Where(file => !File.Exists(Path.Combine(folder, file.Name))).ToArray();
        var left = missing.Sum(file => file.Bytes - LengthOf(Path.Combine(folder, file.Name + Partial)));
        var room = new DriveInfo(folder).AvailableFreeSpace;
        if (left + more > room)
        {
            throw new OperatorException($"{Size(left + more)} are still needed, and {folder} has room for {Size(room)}.");
        }

        if (missing.Sum(file => LengthOf(Path.Combine(folder, file.Name + Partial))) is > 0 and var kept)
        {
            await report.WriteLineAsync($"{Size(kept)} of an earlier call are here; the rest is fetched.");
        }

        var progress = new DownloadProgress(clock, report, left);
        foreach (var file in missing)
        {
            var part = Path.Combine(folder, file.Name + Partial);
            await FetchAsync(file, part, progress, cancellationToken);
            await CheckAsync(file, part, cancellationToken);
            File.Move(part, Path.Combine(folder, file.Name));
        }
    }

    /// <summary>Whether an exception is that of a host, a connection or a disk, and not that of a caller who has left.</summary>
    public static bool Fails(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or IOException or UnauthorizedAccessException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>A number of bytes for a person.</summary>
    public static string Size(double bytes) => bytes switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
    };

    private async Task FetchAsync(
        RemoteFile file, string part, DownloadProgress progress, CancellationToken cancellationToken)
    {
        var (breaks, pause) = (0, FirstPause);
        while (LengthOf(part) < file.Bytes || !File.Exists(part))
        {
            var before = LengthOf(part);
            var why = "It is shorter than stated.";
            try
            {
                await AppendAsync(file, part, progress, cancellationToken);
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException
                && !cancellationToken.IsCancellationRequested)
            {
                why = exception.Message;
            }

            if (LengthOf(part) >= file.Bytes)
            {
                return;
            }

            (breaks, pause) = LengthOf(part) > before ? (0, FirstPause) : (breaks + 1, pause * 2);
            if (breaks == MostBreaks)
            {
                throw new OperatorException($"'{file.Name}' cannot be fetched: {why} What came is kept; the same command continues it.");
            }

            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    private async Task AppendAsync(
        RemoteFile file, string part, DownloadProgress progress, CancellationToken cancellationToken)
    {
        var offset = LengthOf(part);
        using var answer = await open(file.Name, offset, cancellationToken);
        var continues = answer.StatusCode == HttpStatusCode.PartialContent && answer.Content.Headers.ContentRange?.From == offset;
        await using var target = new FileStream(part, continues ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.None);
        if (!continues)
        {
            progress.Add(-offset); // the host sends the whole file again
        }

        await using var source = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[BufferBytes];
        while (true)
        {
            var read = await ReadAsync(source, buffer, cancellationToken);
            if (read == 0)
            {
                return;
            }

            if (target.Position + read > file.Bytes)
            {
                await target.DisposeAsync();
                File.Delete(part); // else it would be continued, and never end
                throw new OperatorException($"'{file.Name}' is longer than the {file.Bytes} bytes that are stated.");
            }

            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            progress.Add(read);
        }
    }

    /// <exception cref="HttpRequestException">The connection broke.</exception>
    private async Task<int> ReadAsync(Stream source, byte[] buffer, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await source.ReadAsync(buffer, either.Token);
        }
        catch (IOException exception)
        {
            throw new HttpRequestException(exception.Message, exception); // what is written to the disk fails as IOException too
        }
    }

    /// <summary>Compares a whole file with its hash; one that differs is removed.</summary>
    private static async Task CheckAsync(RemoteFile file, string part, CancellationToken cancellationToken)
    {
        FileDigest found;
        await using (var stream = File.OpenRead(part))
        {
            found = await file.Digest.OfAsync(stream, cancellationToken);
        }

        if (found != file.Digest)
        {
            File.Delete(part);
            throw new OperatorException(
                $"'{file.Name}' differs from the hash that is stated, so it was removed: it has {found}, stated is {file.Digest}.");
        }
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
