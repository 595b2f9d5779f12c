using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Steps;

/// <summary>The file of a training's state: a head, the parameters' names and shapes, values and both moments, and a hash over all of
/// it. The random state is the seed and the number of steps: masks depend on nothing else.</summary>
internal static class TrainingState
{
    private const ulong Kind = 0x3130_5441_5453_4754; // TGSTAT01, little-endian

    /// <summary>Writes the state to a new file beside the old one, flushes it, and puts it in the old one's place.</summary>
    public static void Write(string path, long step, ulong seed, ParameterMemory memory)
    {
        var draft = $"{path}.new";
        var hash = new XxHash3();
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
        {
            void Put(ReadOnlySpan<byte> bytes)
            {
                hash.Append(bytes);
                file.Write(bytes);
            }

            Put(Head(step, seed, memory));
            Put(MemoryMarshal.AsBytes(memory.Values));
            Put(MemoryMarshal.AsBytes(memory.FirstMoments));
            Put(MemoryMarshal.AsBytes(memory.SecondMoments));
            file.Write(hash.GetCurrentHash());
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }

    /// <summary>Reads the state into the memory, which changes only if the file is sound.</summary>
    /// <returns>Steps that were done.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or belongs to another model or plan.</exception>
    public static long Read(string path, ulong seed, ParameterMemory memory)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20);
        var fresh = Head(0, seed, memory);
        var size = memory.Values.Length * sizeof(float);
        if (file.Length != fresh.Length + (3L * size) + sizeof(ulong))
        {
            throw new InvalidDataException($"'{Path.GetFileName(path)}' is no state of this training: its length differs.");
        }

        var hash = new XxHash3();
        var head = new byte[fresh.Length];
        file.ReadExactly(head);
        hash.Append(head);
        byte[][] numbers = [new byte[size], new byte[size], new byte[size]];
        foreach (var part in numbers)
        {
            file.ReadExactly(part);
            hash.Append(part);
        }

        var stated = new byte[sizeof(ulong)];
        file.ReadExactly(stated);
        if (!stated.AsSpan().SequenceEqual(hash.GetCurrentHash()))
        {
            throw new InvalidDataException($"'{Path.GetFileName(path)}' is damaged: its hash does not fit its content.");
        }

        var step = BitConverter.ToInt64(head, sizeof(ulong));
        if (!head.AsSpan().SequenceEqual(Head(step, seed, memory)))
        {
            throw new InvalidDataException(
                $"'{Path.GetFileName(path)}' is the state of another training: seed, parameters or their shapes differ.");
        }

        MemoryMarshal.Cast<byte, float>(numbers[0]).CopyTo(memory.Values);
        MemoryMarshal.Cast<byte, float>(numbers[1]).CopyTo(memory.FirstMoments);
        MemoryMarshal.Cast<byte, float>(numbers[2]).CopyTo(memory.SecondMoments);
        return step;
    }

    private static byte[] Head(long step, ulong seed, ParameterMemory memory)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Kind);
        writer.Write(step);
        writer.Write(seed);
        writer.Write(memory.Blocks);
        writer.Write(memory.PerBlock);
        foreach (var parameter in memory.Parameters)
        {
            writer.Write(parameter.Name);
            writer.Write(parameter.Start);
            writer.Write(parameter.Shape.Length);
            Array.ForEach(parameter.Shape, writer.Write);
        }

        writer.Flush();
        return bytes.ToArray();
    }
}
