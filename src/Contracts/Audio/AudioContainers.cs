namespace Tollgate.Contracts.Audio;

/// <summary>Recognises audio containers by their first bytes.</summary>
public static class AudioContainers
{
    /// <summary>The container's name, such as <c>an MP3 file</c>; null for WAV and for bytes of no known container.</summary>
    public static string? Name(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12)
        {
            return null;
        }

        return file switch
        {
            _ when file.StartsWith("ID3"u8) || (file[0] == 0xFF && (file[1] & 0xE6) is 0xE2) => "an MP3 file",
            _ when file[0] == 0xFF && (file[1] & 0xF6) == 0xF0 => "an AAC stream",
            _ when file.StartsWith("fLaC"u8) => "a FLAC file",
            _ when file.StartsWith("OggS"u8) => "an Ogg file",
            _ when file[4..].StartsWith("ftyp"u8) => "an MP4 file",
            _ when file.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]) => "a WebM or Matroska file",
            _ when file.StartsWith("FORM"u8) && file[8..].StartsWith("AIF"u8) => "an AIFF file",
            _ when file.StartsWith("#!AMR"u8) => "an AMR file",
            _ when file.StartsWith("RIFX"u8) || file.StartsWith("RF64"u8) => "a WAV file of the form RIFX or RF64",
            _ => null,
        };
    }
}
