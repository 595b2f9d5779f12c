using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Hub;

/// <summary>Fetches files of a model into a folder. What is there already is kept: a call that was broken off is continued.</summary>
/// <param name="report">Receives a line a second.</param>
internal sealed class HubDownload(HubClient client, TimeProvider clock, TextWriter report)
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
    /// <exception cref="OperatorException">A file differs from its hash, the hub refuses it, or there is no room.</exception>
    public async Task FetchAsync(
        HubName name, string commit, IReadOnlyList<HubFile> files, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var missing = files.Where(file => !File.Exists(Path.Combine(folder, file.Name))).ToArray();
        var left = missing.Sum(file => file.Bytes - LengthOf(Path.Combine(folder, file.Name + Partial)));
        var room = new DriveInfo(folder).AvailableFreeSpace;
        if (left > room)
        {
            throw new OperatorException($"{Size(left)} are still to be fetched, and {folder} has room for {Size(room)}.");
        }

        var progress = new HubProgress(clock, report, left);
        foreach (var file in missing)
        {
            var part = Path.Combine(folder, file.Name + Partial);
            await FetchAsync(name, commit, file, part, progress, cancellationToken);
            await CheckAsync(file, part, cancellationToken);
            File.Move(part, Path.Combine(folder, file.Name));
        }
    }

    /// <summary>A number of bytes for a person.</summary>
    public static string Size(double bytes) => bytes switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
    };

    private async Task FetchAsync(
        HubName name, string commit, HubFile file, string part, HubProgress progress, CancellationToken cancellationToken)
    {
        var (breaks, pause) = (0, FirstPause);
        while (LengthOf(part) < file.Bytes || !File.Exists(part))
        {
            var before = LengthOf(part);
            var why = "The hub's file is shorter than it states.";
            try
            {
                await AppendAsync(name, commit, file, part, progress, cancellationToken);
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
        HubName name, string commit, HubFile file, string part, HubProgress progress, CancellationToken cancellationToken)
    {
        var offset = LengthOf(part);
        using var answer = await client.OpenAsync(name, commit, file.Name, offset, cancellationToken);
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
                throw new OperatorException($"'{file.Name}' is longer than the {file.Bytes} bytes that the hub states.");
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
    private static async Task CheckAsync(HubFile file, string part, CancellationToken cancellationToken)
    {
        await using (var stream = File.OpenRead(part))
        {
            var (found, expected) = file.Sha256 is { } sha256
                ? (Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)), sha256)
                : (await HashBlobAsync(stream, cancellationToken), file.BlobId);
            if (found == expected)
            {
                return;
            }
        }

        File.Delete(part);
        throw new OperatorException($"'{file.Name}' differs from the hash that the hub states, so it was removed.");
    }

    /// <summary>Git's hash of a file: of its length and its contents.</summary>
    private static async Task<string> HashBlobAsync(FileStream stream, CancellationToken cancellationToken)
    {
#pragma warning disable CA5350 // Git names its files so; it is no secret's hash.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {stream.Length}\0")));
        var buffer = new byte[BufferBytes];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            hash.AppendData(buffer.AsSpan(0, read));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
