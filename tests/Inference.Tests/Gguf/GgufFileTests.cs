using System.Buffers.Binary;
using System.Text;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Gguf;

public sealed class GgufFileTests
{
    [Fact]
    public async Task RunAsync_refuses_a_file_cut_off_anywhere()
    {
        using var folder = new TemporaryFolder();
        var whole = await File.ReadAllBytesAsync(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        int[] lengths =
            [0, 1, 4, 7, 8, 16, 23, 24, 25, 40, 100, 1000, 5000, 50_000, 100_000, whole.Length / 4, whole.Length / 2, whole.Length - 4096,
                whole.Length - 1];

        foreach (var length in lengths)
        {
            await File.WriteAllBytesAsync(folder.File("cut.gguf"), whole[..length]);
            await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.File("models"))); // nothing is left behind
    }

    [Fact]
    public void Open_refuses_or_reads_a_file_with_any_byte_of_its_head_changed()
    {
        using var folder = new TemporaryFolder();
        var sound = Build(tensorBytes: 128);
        for (var at = 0; at < sound.Length - 128; at++)
        {
            foreach (var value in (byte[])[0, 1, 0x7F, 0x80, 0xFF])
            {
                var changed = sound.ToArray();
                changed[at] = value;
                File.WriteAllBytes(folder.File("changed.gguf"), changed);
                try
                {
                    using var file = GgufFile.Open(folder.File("changed.gguf"));
                    foreach (var tensor in file.Tensors.Values)
                    {
                        file.Read(tensor);
                    }
                }
                catch (ModelImportException)
                {
                    continue; // the only way a damaged file may fail
                }
            }
        }
    }

    [Theory]
    [InlineData("tensor count", 8, ulong.MaxValue)]
    [InlineData("tensor count", 8, 60_000UL)]
    [InlineData("key count", 16, ulong.MaxValue)]
    [InlineData("key count", 16, 1UL << 40)]
    [InlineData("length of a key", 24, ulong.MaxValue)]
    [InlineData("length of a key", 24, 1UL << 31)]
    public void Open_refuses_absurd_counts_without_allocating_for_them(string what, int at, ulong value)
    {
        using var folder = new TemporaryFolder();
        var bytes = Build(tensorBytes: 128);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), value);
        File.WriteAllBytes(folder.File("absurd.gguf"), bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ModelImportException>(() => GgufFile.Open(folder.File("absurd.gguf")));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.NotEmpty(what);
    }

    [Theory]
    [InlineData(0UL, 0UL, "overlaps")]
    [InlineData(0UL, 32UL, "overlaps")]
    [InlineData(0UL, 8UL, "aligned")]
    [InlineData(0UL, 1UL << 62, "outside")]
    [InlineData(0UL, ulong.MaxValue - 31, "outside")]
    public void Open_refuses_tensors_that_overlap_or_lie_elsewhere(ulong first, ulong second, string why)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("tensors.gguf"), Build(256, first, second));

        var refusal = Assert.Throws<ModelImportException>(() => GgufFile.Open(folder.File("tensors.gguf")));

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_reads_a_sound_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("sound.gguf"), Build(256, 0, 128));

        using var file = GgufFile.Open(folder.File("sound.gguf"));

        Assert.Equal("llama", file.Metadata.Get<string>("general.architecture"));
        Assert.Equal(32, file.Read(file.Tensors["t1"]).Length);
    }

    private static Task<Inference.Models.InstalledModel> ImportAsync(TemporaryFolder folder) =>
        ModelImport.RunAsync(folder.File("cut.gguf"), "cut", folder.File("models"), new(), progress: null, CancellationToken.None);

    /// <summary>A file with one key and float tensors of 32 numbers at the given offsets.</summary>
    private static byte[] Build(int tensorBytes, params ulong[] offsets)
    {
        offsets = offsets.Length == 0 ? [0] : offsets;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(0x46554747u);
        writer.Write(3u);
        writer.Write((ulong)offsets.Length);
        writer.Write(1UL);
        Text("general.architecture");
        writer.Write(8u);
        Text("llama");
        for (var i = 0; i < offsets.Length; i++)
        {
            Text($"t{i}");
            writer.Write(1u);
            writer.Write(32UL);
            writer.Write(0u);
            writer.Write(offsets[i]);
        }

        writer.Write(new byte[(32 - ((int)stream.Position % 32)) % 32]);
        writer.Write(new byte[tensorBytes]);
        writer.Flush();
        return stream.ToArray();

        void Text(string text)
        {
            writer.Write((ulong)text.Length);
            writer.Write(Encoding.ASCII.GetBytes(text));
        }
    }
}
