using System.Buffers.Binary;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Recordings made of one: its beginnings, and one that a model hears in two windows.</summary>
/// <param name="wav">16 bits, one channel, 16 kHz, a header of 44 bytes.</param>
internal sealed class SpeechClips(byte[] wav)
{
    private const int Header = 44;
    private const int BytesPerSecond = 32_000;

    /// <summary>The recording, silence, and the recording again from 30 s on.</summary>
    public byte[] Long { get; } = Wav([.. wav[Header..], .. new byte[(30 * BytesPerSecond) - (wav.Length - Header)], .. wav[Header..]]);

    /// <summary>The first second, or some more of it.</summary>
    public byte[] Cut(Random random) => Wav(wav.AsSpan(Header, random.Next(BytesPerSecond, wav.Length - Header) / 2 * 2));

    private static byte[] Wav(ReadOnlySpan<byte> data)
    {
        var file = new byte[Header + data.Length];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), BytesPerSecond / 2);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), BytesPerSecond);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(34), 16);
        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), data.Length);
        data.CopyTo(file.AsSpan(Header));
        return file;
    }
}
