using System.Globalization;
using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Hub;

namespace Tollgate.Cli.Tests.Hub;

/// <summary>Downloads over real connections.</summary>
public sealed class HubSourceTests : IAsyncLifetime, IDisposable
{
    private readonly string _models = Directory.CreateTempSubdirectory("tollgate-hub-").FullName;
    private readonly StringWriter _report = new(CultureInfo.InvariantCulture);
    private HubServer? _started;

    private HubServer Server => _started!;

    public async Task InitializeAsync()
    {
        _started = await HubServer.StartAsync();
        var random = new Random(5);
        foreach (var (name, length) in ((string, int)[])
            [("config.json", 40), ("tokenizer.json", 300), ("README.md", 20), ("model.safetensors", 400_000),
                ("pytorch_model.bin", 400_000), ("onnx/model.onnx", 10), ("../outside.json", 10), (".gitattributes", 10),
                ("tf_model.h5", 10)])
        {
            Server.Files[name] = new byte[length];
            random.NextBytes(Server.Files[name]);
        }

        Server.InGit.UnionWith(["config.json", "README.md"]);
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_models, recursive: true);
    }

    public void Dispose() => _report.Dispose();

    [Fact]
    public async Task FetchAsync_takes_what_the_import_reads_and_nothing_else()
    {
        using var source = await FetchAsync("hf:acme/tiny");

        Assert.Equal(["README.md", "config.json", "model.safetensors", "tokenizer.json"], Names(source.Folder.Path));
        Assert.Equal((source.Folder.Path, "mit"), (source.Path, source.Licence));
        Assert.Equal(Server.Files["model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(source.Path, "model.safetensors")));
        Assert.StartsWith(
            $"acme/tiny at {HubServer.Commit}: licence mit, 4 files, 400.4 kB from 127.0.0.1.", _report.ToString(),
            StringComparison.Ordinal);
        source.Remove();
        Assert.False(Directory.Exists(source.Folder.Path));
    }

    [Fact]
    public async Task A_token_goes_to_the_hub_and_not_to_the_storage_behind_it()
    {
        Server.Token = "hf_secret";

        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync("hf:acme/tiny"));
        using var source = await FetchAsync("hf:acme/tiny@refs/pr/1", token: "hf_secret"); // the storage refuses who shows a token

        Assert.Contains("gated or private", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("TOLLGATE__Hub__Token_FILE", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(4, Names(source.Folder.Path).Length);
        Assert.DoesNotContain("hf_secret", _report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_download_is_continued_at_the_byte_where_it_broke()
    {
        Server.Breaks.Enqueue(100_000);
        Server.Breaks.Enqueue(50_000);

        using var source = await FetchAsync("hf:acme/tiny");

        Assert.Equal(Server.Files["model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(source.Path, "model.safetensors")));
        int[] offsets =
            [.. Server.Requests.Where(request => request.StartsWith("model", StringComparison.Ordinal))
                .Select(request => int.Parse(request.Split(' ')[1], CultureInfo.InvariantCulture))];
        Assert.Equal([0, 1, 1], offsets.Select(offset => Math.Min(offset, 1)));
        Assert.True(offsets[1] < offsets[2]);
    }

    [Fact]
    public async Task A_storage_without_ranges_sends_the_whole_file_again()
    {
        Server.TakesRanges = false;
        Server.Breaks.Enqueue(100_000);

        using var source = await FetchAsync("hf:acme/tiny");

        Assert.Equal(Server.Files["model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(source.Path, "model.safetensors")));
    }

    [Fact]
    public async Task A_second_call_fetches_only_what_is_missing()
    {
        var first = await FetchAsync("hf:acme/tiny");
        File.Delete(Path.Combine(first.Folder.Path, "tokenizer.json"));
        first.Dispose();
        Server.Requests.Clear();

        (await FetchAsync("hf:acme/tiny")).Dispose();

        Assert.Equal(["tokenizer.json 0"], Server.Requests);
    }

    [Fact]
    public async Task Until_a_fetched_model_is_imported_a_second_call_for_it_is_refused_and_touches_nothing()
    {
        var first = await FetchAsync("hf:acme/tiny");
        Server.Requests.Clear();

        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync("hf:acme/tiny"));
        var files = Names(first.Folder.Path);
        first.Dispose();
        (await FetchAsync("hf:acme/tiny")).Dispose();

        Assert.StartsWith(
            $"'acme--tiny--{HubServer.Commit}' is being fetched or imported by another call: ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(4, files.Length);
        Assert.Empty(Server.Requests);
        Assert.Equal([first.Folder.Path], Directory.EnumerateFileSystemEntries(Path.Combine(_models, ".downloads")));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task A_file_that_differs_from_its_hash_is_removed_and_refused(string name)
    {
        Server.Serve = (file, bytes) => file == name ? [.. bytes[..^1], (byte)(bytes[^1] + 1)] : bytes;

        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync("hf:acme/tiny"));

        Assert.Contains($"'{name}' differs from the hash", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(_models, "*", SearchOption.AllDirectories), file => file.Contains(name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_longer_than_stated_is_removed_and_refused()
    {
        Server.Serve = (_, bytes) => [.. bytes, 1];

        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync("hf:acme/tiny"));

        Assert.Contains("is longer than the", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_models, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_repository_of_several_GGUF_models_needs_the_name_of_one()
    {
        Server.Files.Clear();
        foreach (var name in (string[])["tiny.Q4_K_M.gguf", "tiny.F16-00001-of-00002.gguf", "tiny.F16-00002-of-00002.gguf", "README.md"])
        {
            Server.Files[name] = [1, 2, 3];
        }

        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync("hf:acme/tiny"));
        using var parts = await FetchAsync("hf:acme/tiny", file: "tiny.F16-00002-of-00002.gguf");

        Assert.Contains("tiny.Q4_K_M.gguf, tiny.F16-00001-of-00002.gguf. Name one with --file", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["tiny.F16-00001-of-00002.gguf", "tiny.F16-00002-of-00002.gguf"], Names(parts.Folder.Path));
        Assert.Equal("tiny.F16-00002-of-00002.gguf", Path.GetFileName(parts.Path));
    }

    [Theory]
    [InlineData("hf:acme/none", "There is no model acme/none with the revision 'main' at 127.0.0.1")]
    [InlineData("hf:acme/tiny@v9", "the revision 'v9'")]
    [InlineData("hf:acme", "is not hf:OWNER/MODEL")]
    [InlineData("hf:acme/../etc", "is not hf:OWNER/MODEL")]
    [InlineData("hf:acme/tiny/x", "is not hf:OWNER/MODEL")]
    [InlineData("hf:acme/tiny@a..b", "is not hf:OWNER/MODEL")]
    public async Task A_name_that_is_none_or_of_no_model_is_refused(string source, string reason)
    {
        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(source));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pickles_alone_are_refused()
    {
        Server.Files.Remove("model.safetensors");

        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync("hf:acme/tiny"));

        Assert.Contains("Other weights are not taken", refusal.Message, StringComparison.Ordinal);
    }

    private Task<HubSource> FetchAsync(string source, string? file = null, string? token = null)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["Hub:Address"] = Server.Address, ["Hub:Token"] = token }).Build();
        return HubSource.FetchAsync(source, file, settings, _models, _report, CancellationToken.None);
    }

    private static string[] Names(string folder) =>
        [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
}
