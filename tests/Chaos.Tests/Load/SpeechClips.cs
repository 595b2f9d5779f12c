using System.Buffers.Binary;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Recordings made of one: its beginnings, and one that a model hears in two windows. 16 bits, one channel, 16 kHz. The one is of
/// the shared folder; without that it is a tone.</summary>
internal static class SpeechClips
{
    private const string Shared = "models/audio/sense_and_sensibility_01_austen_64kb-0930.wav";
    private const int Header = 44;
    private const int BytesPerSecond = 32_000;

    private static readonly byte[] Sound =
        File.Exists(SharedFiles.At(Shared)) ? File.ReadAllBytes(SharedFiles.At(Shared))[Header..] : Tone();

    /// <summary>The recording, silence, and the recording again from 30 s on.</summary>
    public static byte[] Long { get; } = Wav([.. Sound, .. new byte[(30 * BytesPerSecond) - Sound.Length], .. Sound]);

    /// <summary>The first second, or some more of it.</summary>
    public static byte[] Cut(Random random) => Wav(Sound.AsSpan(0, random.Next(BytesPerSecond, Sound.Length) / 2 * 2));

    /// <summary>Length of one of these recordings, rounded up.</summary>
    public static long Milliseconds(byte[] wav) => ((wav.Length - Header) + (BytesPerSecond / 1000) - 1) / (BytesPerSecond / 1000);

    /// <summary>Five seconds.</summary>
    private static byte[] Tone()
    {
        var sound = new byte[5 * BytesPerSecond];
        for (var i = 0; i < sound.Length; i += 2)
        {
            BinaryPrimitives.WriteInt16LittleEndian(sound.AsSpan(i), (short)(8_000 * Math.Sin(i * 0.05)));
        }

        return sound;
    }

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
