using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Audio;

namespace Tollgate.Inference.Audio;

/// <summary>
/// Decodes recordings. WAV files are read here; other containers by ffmpeg, a child process without a shell, with one reader for one
/// format, no access to networks, and limits on time, memory and output. Thread-safe.
/// </summary>
internal sealed class AudioDecoder(IOptions<AudioOptions> options, TimeProvider clock)
{
    private const int BytesPerSecond = 2 * AudioClip.Rate;
    private const int ReadBytes = 64 * 1024;

    /// <summary>Decodes a file.</summary>
    /// <param name="container">Its container; null for WAV.</param>
    /// <param name="mostMs">Longest recording that is taken, milliseconds.</param>
    /// <returns>The recording, or what is wrong with the file.</returns>
    public async Task<(AudioClip? Clip, string Fault)> DecodeAsync(
        ReadOnlyMemory<byte> file, AudioContainer? container, long mostMs, CancellationToken cancellationToken)
    {
        if (container is null)
        {
            var wav = WavClip.Open(file, out var fault);
            return (wav, fault);
        }

        if (Find(options.Value.Ffmpeg) is not { } program)
        {
            return (null, $"it is {container.Name}, and this installation reads WAV files alone: PCM integers of 8 to 32 bits or "
                + "floating-point numbers of 32 or 64 bits");
        }

        var path = Path.Combine(Path.GetTempPath(), $"tollgate-{Guid.NewGuid():N}.audio"); // Some containers need a file that can seek.
        try
        {
            await WriteAsync(path, file, cancellationToken);
            return await RunAsync(program, path, container, mostMs, cancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task WriteAsync(string path, ReadOnlyMemory<byte> file, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await stream.WriteAsync(file, cancellationToken);
    }

    private async Task<(AudioClip? Clip, string Fault)> RunAsync(
        string program, string path, AudioContainer container, long mostMs, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = Describe(program, path, container) };
        using var limit = new CancellationTokenSource(options.Value.DecodeTimeout, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return (null, $"it is {container.Name}, and the program that reads it does not start");
        }

        try
        {
            var errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null, stop.Token);
            var most = (int)(((mostMs * BytesPerSecond) / 1000) + BytesPerSecond);
            var samples = await ReadAsync(process.StandardOutput.BaseStream, most, stop.Token);
            if (samples is null)
            {
                return (null, $"it is longer than {mostMs / 1000} s, the most for a file of its size");
            }

            await errors;
            await process.WaitForExitAsync(stop.Token);
            if (process.ExitCode != 0 || samples.Length < 2)
            {
                return (null, $"the sound of {container.Name} cannot be decoded: it is damaged, or of a codec that is not known");
            }

            return (WavClip.OfSamples(samples), "");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, "it takes too long to decode");
        }
        finally
        {
            Kill(process);
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            return; // It has ended.
        }
    }

    /// <summary>Null when there is more than is taken.</summary>
    private static async Task<byte[]?> ReadAsync(Stream output, int most, CancellationToken cancellationToken)
    {
        using var samples = new MemoryStream();
        var buffer = new byte[ReadBytes];
        int read;
        while ((read = await output.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (samples.Length + read > most)
            {
                return null;
            }

            samples.Write(buffer, 0, read);
        }

        return samples.ToArray();
    }

    private static ProcessStartInfo Describe(string program, string path, AudioContainer container)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "-nostdin", "-hide_banner", "-v", "error", "-max_alloc", "67108864", "-protocol_whitelist", "file", "-threads", "1",
            "-f", container.Demuxer, "-i", path, "-map", "0:a:0", "-vn", "-sn", "-dn",
            "-ac", "1", "-ar", "16000", "-f", "s16le", "pipe:1",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear(); // Settings of this process may hold secrets.
        return start;
    }

    private static string? Find(string program)
    {
        if (program.Length == 0 || program.Contains('/', StringComparison.Ordinal))
        {
            return File.Exists(program) ? program : null;
        }

        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }
}
