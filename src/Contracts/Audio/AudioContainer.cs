namespace Tollgate.Contracts.Audio;

/// <summary>A container of audio that is no WAV, recognised by its first bytes.</summary>
/// <param name="Name">In words, such as <c>an MP3 file</c>.</param>
/// <param name="Demuxer">The reader that ffmpeg has for it.</param>
public sealed record AudioContainer(string Name, string Demuxer)
{
    /// <summary>Fewest bytes of a second of sound, 4 kbit/s: speech codecs begin at 6. What is longer for its size is refused.</summary>
    private const long LeastBytesPerSecond = 500;

    private static readonly AudioContainer Mp3 = new("an MP3 file", "mp3");
    private static readonly AudioContainer Aac = new("an AAC stream", "aac");
    private static readonly AudioContainer Flac = new("a FLAC file", "flac");
    private static readonly AudioContainer Ogg = new("an Ogg file", "ogg");
    private static readonly AudioContainer Mp4 = new("an MP4 file", "mov");
    private static readonly AudioContainer WebM = new("a WebM file", "matroska");

    /// <summary>The container of a file; null for one that is not known here.</summary>
    public static AudioContainer? Find(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12)
        {
            return null;
        }

        return file switch
        {
            _ when file.StartsWith("ID3"u8) || (file[0] == 0xFF && (file[1] & 0xE6) == 0xE2) => Mp3,
            _ when file[0] == 0xFF && (file[1] & 0xF6) == 0xF0 => Aac,
            _ when file.StartsWith("fLaC"u8) => Flac,
            _ when file.StartsWith("OggS"u8) => Ogg,
            _ when file[4..].StartsWith("ftyp"u8) => Mp4,
            _ when file.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]) => WebM,
            _ => null,
        };
    }

    /// <summary>Longest sound that a file of so many bytes may hold, milliseconds.</summary>
    public static long MostMilliseconds(long bytes) => ((bytes * 1000) + LeastBytesPerSecond - 1) / LeastBytesPerSecond;
}
