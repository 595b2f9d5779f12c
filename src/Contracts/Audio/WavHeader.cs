using System.Buffers.Binary;

namespace Tollgate.Contracts.Audio;

/// <summary>How the samples of a WAV file are stored.</summary>
public enum WavEncoding
{
    /// <summary>Integers: unsigned with 8 bits, signed with 16, 24 and 32 bits.</summary>
    Integer,

    /// <summary>IEEE numbers of 32 or 64 bits.</summary>
    Float,
}

/// <summary>What a WAV file declares, checked against the bytes that are there. Gateway and worker read it with this code.</summary>
/// <param name="Encoding">Kind of number.</param>
/// <param name="Bits">Bits of one number: 8, 16, 24, 32 or 64.</param>
/// <param name="Channels">1 to 64.</param>
/// <param name="Rate">Frames per second, 1,000 to 768,000.</param>
/// <param name="DataStart">Position of the first frame.</param>
/// <param name="Frames">Whole frames, at least 1; all of them lie in the file.</param>
/// <remarks>Microsoft and IBM, Multimedia Programming Interface 1.0 (1991); Microsoft, Multiple Channel Audio Data and WAVE Files (2001).
/// </remarks>
public sealed record WavHeader(WavEncoding Encoding, int Bits, int Channels, int Rate, int DataStart, long Frames)
{
    private const int ChunkHeader = 8;
    private const int FormatBytes = 16;
    private const int ExtensibleBytes = 40;
    private const int MostChannels = 64;
    private const int LeastRate = 1_000;
    private const int MostRate = 768_000;
    private const uint UnknownLength = uint.MaxValue;

    /// <summary>Bytes of one frame: a number for each channel.</summary>
    public int FrameBytes => Channels * (Bits / 8);

    /// <summary>Length in milliseconds, rounded up.</summary>
    public long Milliseconds => ((Frames * 1000) + Rate - 1) / Rate;

    /// <summary>Whether the bytes begin as a RIFF WAVE file does.</summary>
    public static bool IsWav(ReadOnlySpan<byte> file) =>
        file.Length >= 12 && file.StartsWith("RIFF"u8) && file[8..12].SequenceEqual("WAVE"u8);

    /// <summary>Reads the header. Never throws; null with a fault for a file that cannot be read.</summary>
    /// <param name="fault">What is wrong with the file, such as <c>it has no 'fmt ' chunk</c>; empty when nothing is.</param>
    public static WavHeader? Read(ReadOnlySpan<byte> file, out string fault)
    {
        if (!IsWav(file))
        {
            fault = "it begins neither with a RIFF WAVE header nor as MP3, AAC, FLAC, Ogg, MP4 or WebM do";
            return null;
        }

        // A writer that cannot seek leaves both lengths unknown.
        var streamed = BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) == UnknownLength;
        WavHeader? format = null;
        for (var at = 12; at + ChunkHeader <= file.Length;)
        {
            var name = file.Slice(at, 4);
            var size = BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..]);
            var body = file[(at + ChunkHeader)..];
            if (name.SequenceEqual("data"u8))
            {
                var declared = size == UnknownLength && streamed ? (uint)body.Length : size;
                return ReadData(format, at + ChunkHeader, declared, body.Length, out fault);
            }

            if (size > body.Length)
            {
                fault = "a chunk is longer than the file";
                return null;
            }

            if (name.SequenceEqual("fmt "u8) && (format = ReadFormat(body[..(int)size], out fault)) is null)
            {
                return null;
            }

            at += ChunkHeader + (int)size;
            at += size % 2 == 1 && !BeginsChunk(file, at) ? 1 : 0;
        }

        fault = "it has no 'data' chunk";
        return null;
    }

    /// <summary>Whether one of the two chunks that matter begins here: some writers leave out the byte that pads an odd chunk.</summary>
    private static bool BeginsChunk(ReadOnlySpan<byte> file, int at) =>
        at + 4 <= file.Length && (file.Slice(at, 4).SequenceEqual("fmt "u8) || file.Slice(at, 4).SequenceEqual("data"u8));

    private static WavHeader? ReadData(WavHeader? format, int start, uint size, int there, out string fault)
    {
        fault = format is null ? "its 'data' chunk comes before a 'fmt ' chunk"
            : size > there ? $"its 'data' chunk declares {size} bytes, of which {there} are there"
            : size < format.FrameBytes ? "it holds no audio"
            : "";
        return fault.Length > 0 ? null : format! with { DataStart = start, Frames = size / format.FrameBytes };
    }

    private static WavHeader? ReadFormat(ReadOnlySpan<byte> chunk, out string fault)
    {
        if (chunk.Length < FormatBytes)
        {
            fault = $"its 'fmt ' chunk has {chunk.Length} bytes instead of {FormatBytes} or more";
            return null;
        }

        int tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        int frame = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        if (tag == 0xFFFE)
        {
            if (chunk.Length < ExtensibleBytes || !chunk[26..ExtensibleBytes].SequenceEqual(ExtensibleTail))
            {
                fault = "its extensible 'fmt ' chunk names no known encoding";
                return null;
            }

            tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk[24..]);
        }

        fault = (tag, bits) is not ((1, 8 or 16 or 24 or 32) or (3, 32 or 64)) ? NameEncoding(tag, bits)
            : channels is < 1 or > MostChannels ? $"it has {channels} channels; 1 to {MostChannels} are accepted"
            : rate is < LeastRate or > MostRate ? $"its rate is {rate} Hz; {LeastRate} to {MostRate} are accepted"
            : frame != channels * (bits / 8) ? $"its frames have {frame} bytes instead of {channels * (bits / 8)}"
            : "";
        return fault.Length > 0
            ? null : new WavHeader(tag == 1 ? WavEncoding.Integer : WavEncoding.Float, bits, channels, (int)rate, DataStart: 0, Frames: 0);
    }

    /// <summary>The end of the identifiers of encodings that have a tag of 16 bits.</summary>
    private static ReadOnlySpan<byte> ExtensibleTail => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    private static string NameEncoding(int tag, int bits)
    {
        var name = tag switch
        {
            1 => $"integers of {bits} bits",
            3 => $"floating-point numbers of {bits} bits",
            2 => "Microsoft ADPCM",
            6 => "A-law",
            7 => "µ-law",
            0x11 => "IMA ADPCM",
            0x55 => "MP3",
            _ => $"the encoding {tag}",
        };
        return $"its samples are {name}; integers of 8, 16, 24 and 32 bits and floating-point numbers of 32 and 64 bits are accepted";
    }
}
