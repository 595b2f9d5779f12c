using System.Buffers.Binary;
using System.Numerics.Tensors;
using Tollgate.Contracts.Audio;

namespace Tollgate.Inference.Audio;

/// <summary>The frames of a WAV file, decoded where they are needed, each as the mean of its channels. Thread-safe.</summary>
/// <param name="header">The file's header.</param>
/// <param name="file">The whole file.</param>
internal sealed class WavFrames(WavHeader header, ReadOnlyMemory<byte> file)
{
    public WavHeader Header => header;

    /// <summary>Whether every number is finite. Only floating-point files can hold others.</summary>
    public bool AreFinite()
    {
        if (header.Encoding == WavEncoding.Integer)
        {
            return true;
        }

        var bytes = file.Span.Slice(header.DataStart, checked((int)(header.Frames * header.FrameBytes)));
        for (var at = 0; at < bytes.Length; at += header.Bits / 8)
        {
            var finite = header.Bits == 32
                ? float.IsFinite(BinaryPrimitives.ReadSingleLittleEndian(bytes[at..]))
                : double.IsFinite(BinaryPrimitives.ReadDoubleLittleEndian(bytes[at..]));
            if (!finite)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Fills <paramref name="destination"/> with the frames from <paramref name="start"/> on, −1 to 1; frames before the first
    /// and after the last are zero.</summary>
    public void Read(long start, Span<float> destination)
    {
        var first = (int)Math.Clamp(-start, 0, destination.Length);
        var end = (int)Math.Clamp(header.Frames - start, first, destination.Length);
        destination[..first].Clear();
        destination[end..].Clear();
        var frames = destination[first..end];
        if (frames.IsEmpty)
        {
            return;
        }

        var bytes = file.Span[(header.DataStart + (int)((start + first) * header.FrameBytes))..];
        frames.Clear();
        for (var channel = 0; channel < header.Channels; channel++)
        {
            Add(bytes[(channel * (header.Bits / 8))..], frames);
        }

        TensorPrimitives.Multiply(frames, 1f / header.Channels, frames);
    }

    /// <summary>Adds one channel. Numbers above full scale are cut to it, as a conversion to integers does.</summary>
    private void Add(ReadOnlySpan<byte> bytes, Span<float> sums)
    {
        var step = header.FrameBytes;
        switch (header.Encoding, header.Bits)
        {
            case (WavEncoding.Integer, 8):
                for (var i = 0; i < sums.Length; i++)
                {
                    sums[i] += (bytes[i * step] - 128) / 128f;
                }

                break;
            case (WavEncoding.Integer, 16):
                for (var i = 0; i < sums.Length; i++)
                {
                    sums[i] += BinaryPrimitives.ReadInt16LittleEndian(bytes[(i * step)..]) / 32_768f;
                }

                break;
            case (WavEncoding.Integer, 24):
                for (var i = 0; i < sums.Length; i++)
                {
                    var at = bytes.Slice(i * step, 3);
                    sums[i] += ((at[0] << 8) | (at[1] << 16) | (at[2] << 24)) / 2_147_483_648f;
                }

                break;
            case (WavEncoding.Integer, _):
                for (var i = 0; i < sums.Length; i++)
                {
                    sums[i] += BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * step)..]) / 2_147_483_648f;
                }

                break;
            case (_, 32):
                for (var i = 0; i < sums.Length; i++)
                {
                    sums[i] += Math.Clamp(BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * step)..]), -1, 1);
                }

                break;
            default:
                for (var i = 0; i < sums.Length; i++)
                {
                    sums[i] += (float)Math.Clamp(BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * step)..]), -1, 1);
                }

                break;
        }
    }
}
