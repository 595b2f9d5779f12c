using System.Text;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Checkpoints;

/// <summary>Files that lie are refused before anything is held or read for them.</summary>
public sealed class SafetensorsFileTests
{
    [Theory]
    [InlineData("""{"t":{"dtype":"F32","shape":[1000,1000],"data_offsets":[0,4]}}""", 4, "4000000 bytes by its shape and 4 by its offsets")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1000,1000],"data_offsets":[0,4000000]}}""", 4, "outside")]
    [InlineData("""{"t":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "numbers are read")]
    [InlineData("""{"t":{"dtype":"F32","shape":[100000,100000],"data_offsets":[0,4]}}""", 4, "numbers are read")]
    [InlineData("""{"t":{"dtype":"F32","shape":[0,9],"data_offsets":[0,0]}}""", 0, "numbers are read")]
    [InlineData("""{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "no whole numbers")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "no whole numbers")]
    [InlineData("""{"t":{"dtype":"F32","shape":"1","data_offsets":[0,4]}}""", 4, "no list")]
    [InlineData("""{"t":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}}""", 4, "'t' is stored as 'Q4', which is not a type")]
    [InlineData("""{"t":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4, "not sound")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "-4 by its offsets")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "too many")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1]}}""", 4, "lacks its type, shape or offsets")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":[1]}}""", 4, "'stride'")]
    [InlineData("""{"t":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "'dtype'")]
    [InlineData("""{"t":[]}""", 0, "not described by an object")]
    [InlineData(
        """{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "twice")]
    [InlineData(
        """{"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"u":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "overlaps")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"u":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}""", 3, "gap")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "1 bytes that belong to no tensor")]
    [InlineData("[]", 0, "not sound")]
    [InlineData("{} {}", 0, "not sound")]
    [InlineData("", 0, "not sound")]
    [InlineData("""{"t":{"dtype":"F32","shape":[[[[[1]]]]],"data_offsets":[0,4]}}""", 4, "no whole numbers")]
    public void Open_refuses_a_header_that_does_not_describe_the_data(string header, int bytes, string reason)
    {
        using var folder = new TemporaryFolder();

        var refusal = Refuse(folder, HubFolder.Pack(header, new byte[bytes]));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(40)]
    [InlineData(-8)]
    [InlineData(-1)]
    public void Open_refuses_a_file_that_is_cut_off(int length)
    {
        using var folder = new TemporaryFolder();
        var whole = HubFolder.Pack("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8]);

        Refuse(folder, whole[..(length < 0 ? whole.Length + length : length)]);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 40)]
    [InlineData(100_000_000UL)]
    public void Open_refuses_a_huge_header_without_allocating_for_it(ulong stated)
    {
        using var folder = new TemporaryFolder();
        using (var file = File.Create(folder.File("model.safetensors")))
        {
            file.Write(BitConverter.GetBytes(stated));
            file.SetLength(200_000_000); // a hole: it takes no room
        }

        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ModelImportException>(() => SafetensorsFile.Open(new CheckpointFolder(folder.Path), "model.safetensors"));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Open_refuses_or_reads_a_file_with_any_byte_of_its_header_changed()
    {
        using var folder = new TemporaryFolder();
        var sound = HubFolder.Pack(
            """{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"u":{"dtype":"F16","shape":[1,2],"data_offsets":[8,12]}}""",
            new byte[12]);
        for (var at = 0; at < sound.Length - 12; at++)
        {
            foreach (var value in Encoding.ASCII.GetBytes("\0\"{}[],:09-e~"))
            {
                var changed = sound.ToArray();
                changed[at] = value;
                File.WriteAllBytes(folder.File("model.safetensors"), changed);
                try
                {
                    using var file = SafetensorsFile.Open(new CheckpointFolder(folder.Path), "model.safetensors");
                }
                catch (ModelImportException)
                {
                    continue; // the only way a damaged file may fail
                }
            }
        }
    }

    private static ModelImportException Refuse(TemporaryFolder folder, byte[] bytes)
    {
        File.WriteAllBytes(folder.File("model.safetensors"), bytes);
        return Assert.Throws<ModelImportException>(() => SafetensorsFile.Open(new CheckpointFolder(folder.Path), "model.safetensors"));
    }
}
