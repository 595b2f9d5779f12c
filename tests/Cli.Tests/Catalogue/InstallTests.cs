using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Catalogue;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Downloads;
using Tollgate.Cli.Tests.Hub;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests.Catalogue;

/// <summary>Installations from registries that speak the real protocols, over real connections.</summary>
public sealed class InstallTests : IAsyncLifetime, IDisposable
{
    private static readonly string Embedder = Path.Combine(SharedFiles.Repository, "models", "tiny-embed");

    private readonly string _folder = TestFolder.Create("install");
    private readonly StringWriter _report = new(CultureInfo.InvariantCulture);
    private RegistryServer? _started;

    private RegistryServer Server => _started!;

    private string Data => Path.Combine(_folder, "data");

    public async Task InitializeAsync() => _started = await RegistryServer.StartAsync();

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _report.Dispose();

    [Fact]
    public void A_second_claim_of_a_download_is_refused_until_the_first_ends()
    {
        using (DownloadFolder.Take(_folder, "one"))
        {
            var refused = Assert.Throws<OperatorException>(() => DownloadFolder.Take(_folder, "one"));
            Assert.StartsWith("'one' is being fetched or imported by another call: ", refused.Message, StringComparison.Ordinal);
            DownloadFolder.Take(_folder, "two").Dispose();
        }

        DownloadFolder.Take(_folder, "one").Dispose();
    }

    [Fact]
    public async Task Of_many_claims_at_once_one_is_granted_at_a_time()
    {
        var holders = 0;
        var counts = new ConcurrentBag<int>();

        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
        {
            await Task.Yield();
            try
            {
                using var folder = DownloadFolder.Take(_folder, "one");
                counts.Add(Interlocked.Increment(ref holders));
                await Task.Yield();
                Interlocked.Decrement(ref holders);
            }
            catch (OperatorException)
            {
                // Another one has it.
            }
        });

        Assert.Equal([1], counts.Distinct());
    }

    [Fact]
    public async Task A_package_of_npm_is_installed_by_its_id_at_its_suggested_price()
    {
        var files = EmbedderFiles();
        Server.Package = Archives.Npm([.. files.Select(file => ($"assets/{file.Name}", file.Bytes)), ("index.js", [1, 2, 3])]);
        await WriteCatalogueAsync(Entry("npm:@acme/tiny@1.2.3", files, prefix: "assets/"));

        var run = await RunAsync("models", "install", "tiny", "--yes");
        var listed = (await RunAsync("models", "list")).Succeeded();

        Assert.Equal("tiny 1 is installed (embeddings).\nIts price is set at the next start.\n", run.Succeeded());
        Assert.Contains("licence  MIT, https://example.com/licence", run.Error, StringComparison.Ordinal);
        Assert.Contains("price    Input $0.03 per million tokens", run.Error, StringComparison.Ordinal);
        Assert.Matches("(?m)^tiny +1 +embeddings +MIT +Tiny embeddings", listed);
        var price = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Data, "prices", "tiny.json")))!;
        Assert.Equal((0.03m, true), ((decimal)price["inputPerMillion"]!, (bool)price["onlyIfMissing"]!));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Data, "models", ".downloads")));
    }

    [Fact]
    public async Task A_download_that_is_killed_is_continued_where_it_was()
    {
        const int Sent = 3_000_000;
        var files = EmbedderFiles();
        Server.Package = Archives.NuGet(files: [.. files.Select(file => ($"content/{file.Name}", file.Bytes))]);
        Server.HoldAfter = Sent;
        await WriteCatalogueAsync(Entry("nuget:Acme.Tiny@1.2.3", files, prefix: "content/"));
        var part = Path.Combine(Data, "models", ".downloads", "nuget--Acme.Tiny--1.2.3", "nuget--Acme.Tiny--1.2.3.part");

        using (var first = Process.Start(Start("models", "install", "tiny", "--yes"))!)
        {
            await Until.TrueAsync(
                () => Task.FromResult(new FileInfo(part) is { Exists: true, Length: Sent }), "the first bytes are on the disk",
                TimeSpan.FromSeconds(60));
            first.Kill(); // SIGKILL
            await first.WaitForExitAsync();
        }

        var second = await RunAsync("models", "install", "tiny", "--yes", "--price-in", "0.5");

        Assert.Contains("tiny 1 is installed (embeddings).", second.Succeeded(), StringComparison.Ordinal);
        Assert.Contains("3.0 MB of an earlier call are here", second.Error, StringComparison.Ordinal);
        Assert.Equal(
            [0, Sent],
            Server.Requests.Where(request => request.Contains(".nupkg ", StringComparison.Ordinal))
                .Select(request => int.Parse(request.Split(' ')[1], CultureInfo.InvariantCulture)));
        var price = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Data, "prices", "tiny.json")))!;
        Assert.Equal((0.5m, false), ((decimal)price["inputPerMillion"]!, (bool)price["onlyIfMissing"]!));
    }

    [Fact]
    public async Task While_a_call_fetches_a_second_one_is_refused_and_the_first_keeps_what_it_has()
    {
        const int Sent = 3_000_000;
        var files = EmbedderFiles();
        Server.Package = Archives.NuGet(files: [.. files.Select(file => ($"content/{file.Name}", file.Bytes))]);
        Server.HoldAfter = Sent;
        await WriteCatalogueAsync(Entry("nuget:Acme.Tiny@1.2.3", files, prefix: "content/"));
        var part = Path.Combine(Data, "models", ".downloads", "nuget--Acme.Tiny--1.2.3", "nuget--Acme.Tiny--1.2.3.part");

        using var first = Process.Start(Start("models", "install", "tiny", "--yes"))!;
        await Until.TrueAsync(
            () => Task.FromResult(new FileInfo(part) is { Exists: true, Length: Sent }), "the first bytes are on the disk",
            TimeSpan.FromSeconds(60));
        var second = await RunAsync("models", "install", "tiny", "--yes", "--name", "other");
        var kept = new FileInfo(part).Length;
        first.Kill();
        await first.WaitForExitAsync();
        var third = await RunAsync("models", "install", "tiny", "--yes");

        Assert.Equal((1, ""), (second.ExitCode, second.Output));
        Assert.Contains(
            "'nuget--Acme.Tiny--1.2.3' is being fetched or imported by another call", second.Error.Split('\n')[^2],
            StringComparison.Ordinal);
        Assert.Equal(Sent, kept);
        Assert.Contains("tiny 1 is installed (embeddings).", third.Succeeded(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Data, "models", ".downloads")));
    }

    [Fact]
    public async Task An_installed_decoder_is_held_as_the_options_say_and_not_as_the_catalogue_would()
    {
        var gguf = Path.Combine(SharedFiles.Repository, "models", "tiny-assistant", "tiny-assistant.gguf");
        (string Name, byte[] Bytes)[] files = [("model.gguf", await File.ReadAllBytesAsync(gguf))];
        Server.Package = Archives.Npm([.. files]);
        await WriteCatalogueAsync(Entry("npm:@acme/tiny@1.2.3", files, prefix: "") with { Task = "chat", Prices = null });

        var bound = await RunAsync("models", "install", "tiny", "--yes", "--precision", "int4", "--parity-bound", "0");
        var run = await RunAsync(
            "models", "install", "tiny", "--yes", "--precision", "int8", "--kv", "f16", "--group", "apart", "--completions", "chat");

        Assert.Equal(1, bound.ExitCode);
        Assert.Contains("Held as int8.", run.Succeeded(), StringComparison.Ordinal);
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Data, "models", "tiny", "1", "model.json")))!;
        Assert.Equal(
            ("int8", "apart", "chat", "MIT"),
            ((string?)manifest["precision"], (string?)manifest["group"], (string?)manifest["completions"], (string?)manifest["licence"]));
    }

    [Fact]
    public async Task Without_a_terminal_and_without_yes_nothing_is_fetched()
    {
        Server.Package = [1, 2, 3];
        await WriteCatalogueAsync(Entry("npm:@acme/tiny@1.2.3", [("model.onnx", [1])], prefix: ""));

        var run = await RunAsync("models", "install", "tiny");

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("licence  MIT, https://example.com/licence", run.Error, StringComparison.Ordinal);
        Assert.EndsWith(
            "tollgate: The licence MIT is not accepted: nobody is at a terminal to be asked. --yes accepts it.\n", run.Error,
            StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task What_cannot_be_installed_is_refused_in_one_line()
    {
        Server.Package = [1, 2, 3];
        await WriteCatalogueAsync(Entry("npm:@acme/tiny@1.2.3", [("model.onnx", [1])], prefix: ""));
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();

        var unknown = await RunAsync("models", "install", "tinny", "--yes");
        var name = await RunAsync("models", "install", "tiny", "--yes", "--name", "No Name");
        var price = await RunAsync("models", "install", "tiny", "--yes", "--price-image", "1");
        var start = Start("models", "install", "tiny", "--yes");
        start.Environment["TOLLGATE__Registries__Npm"] = $"http://127.0.0.1:{port}";
        var offline = await ProgramRun.RunAsync(
            "dotnet", [.. start.ArgumentList], start.Environment.ToDictionary(one => one.Key, one => one.Value!));

        Assert.Equal(
            "tollgate: The catalogue has no 'tinny'. Did you mean tiny? All of them: ./tollgate models catalogue\n", unknown.Error);
        Assert.Contains("'No Name' cannot name a model", name.Error, StringComparison.Ordinal);
        Assert.Contains("--price-in: ", price.Error, StringComparison.Ordinal);
        Assert.Contains("cannot be fetched: Connection refused", offline.Error.Split('\n')[^2], StringComparison.Ordinal);
        Assert.All([unknown, name, price, offline], run => Assert.Equal((1, ""), (run.ExitCode, run.Output)));
    }

    [Fact]
    public async Task A_package_that_differs_from_its_hash_is_removed_and_both_hashes_are_named()
    {
        byte[] right = Archives.NuGet(files: [("model.onnx", [1, 2, 3])]);
        Server.Package = [.. right[..^1], (byte)(right[^1] + 1)];
        var entry = Entry("nuget:Acme.Tiny@1.2.3", [("model.onnx", [1, 2, 3])], prefix: "", package: right);

        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(entry));

        Assert.EndsWith(
            $"it has sha512 {Convert.ToHexStringLower(SHA512.HashData(Server.Package))}, stated is sha512 "
                + $"{Convert.ToHexStringLower(SHA512.HashData(right))}.",
            refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_registry_that_states_another_hash_is_refused_before_the_package_is_fetched()
    {
        Server.Package = Archives.Npm(("model.onnx", [1, 2, 3]));
        Server.Integrity = RegistryServer.IntegrityOf([7]);

        var refusal = await Assert.ThrowsAsync<OperatorException>(
            () => FetchAsync(Entry("npm:@acme/tiny@1.2.3", [("model.onnx", [1, 2, 3])], prefix: "")));

        Assert.Contains("states another hash of npm:@acme/tiny@1.2.3 than the catalogue", refusal.Message, StringComparison.Ordinal);
        Assert.Single(Server.Requests);
    }

    [Fact]
    public async Task A_registry_without_ranges_sends_the_whole_package_again()
    {
        Server.Package = Archives.Npm(("model.onnx", RandomNumberGenerator.GetBytes(100_000)));
        Server.TakesRanges = false;
        var download = Directory.CreateDirectory(Path.Combine(_folder, ".downloads", "npm--@acme+tiny--1.2.3")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(download, "npm--@acme+tiny--1.2.3.part"), Server.Package[..50_000]);

        var files = await FetchAsync(Entry("npm:@acme/tiny@1.2.3", [("model.onnx", new byte[100_000])], prefix: ""));

        Assert.Equal(100_000, new FileInfo(Path.Combine(files, "model.onnx")).Length);
        Assert.Equal("/tarballs/tiny.tgz 50000", Server.Requests[^1]);
    }

    [Theory]
    [InlineData("npm:@acme/tiny@1.2.3")]
    [InlineData("nuget:Acme.Tiny@1.2.3")]
    public async Task A_package_without_the_file_or_without_the_version_is_refused(string source)
    {
        Server.Package = source.StartsWith("npm", StringComparison.Ordinal)
            ? Archives.Npm(("other.onnx", [1, 2, 3])) : Archives.NuGet(files: [("other.onnx", [1, 2, 3])]);

        var later = source.Replace("1.2.3", "1.2.4", StringComparison.Ordinal);

        var file = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(Entry(source, [("model.onnx", [1, 2, 3])], prefix: "")));
        var version = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(Entry(later, [("model.onnx", [1, 2, 3])], prefix: "")));

        Assert.Contains("has no file 'model.onnx'", file.Message, StringComparison.Ordinal);
        Assert.EndsWith($" has no {later}.", version.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_for_which_there_is_no_room_is_not_fetched()
    {
        var entry = Entry("npm:@acme/tiny@1.2.3", [("model.onnx", [1])], prefix: "") with { Bytes = 1L << 60 };

        var refusal = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(entry));

        Assert.Contains("are still needed, and ", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task Files_of_Hugging_Face_are_fetched_when_the_hub_states_the_hash_of_the_catalogue()
    {
        await using var hub = await HubServer.StartAsync();
        hub.Files["model.gguf"] = RandomNumberGenerator.GetBytes(5000);
        hub.Files["other.gguf"] = [1];
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(hub.Files["model.gguf"]));
        var entry = Entry("npm:@acme/tiny@1.2.3", [("model.gguf", [1])], prefix: "") with
        {
            Source = "hf:acme/tiny@main", Bytes = null, Integrity = null,
            Files = [new InstallableFile("model.gguf", Bytes: 5000, Sha256: sha256), new InstallableFile("c.json", Json: Json("{}"))],
        };

        var files = await FetchAsync(entry, hub.Address);
        var other = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(
            entry with { Files = [new InstallableFile("model.gguf", Bytes: 5000, Sha256: new string('0', 64))] }, hub.Address));
        var absent = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(
            entry with { Files = [new InstallableFile("none.gguf", Bytes: 5000, Sha256: sha256)] }, hub.Address));

        Assert.Equal(["c.json", "model.gguf"], Directory.EnumerateFiles(files).Select(Path.GetFileName).Order());
        Assert.Contains(
            $"sha256 {sha256} of 'model.gguf', the catalogue 5000 bytes and sha256 0000", other.Message, StringComparison.Ordinal);
        Assert.Contains("acme/tiny has no file 'none.gguf'", absent.Message, StringComparison.Ordinal);
    }

    private static System.Text.Json.JsonElement Json(string text) => System.Text.Json.JsonElement.Parse(text);

    private static (string Name, byte[] Bytes)[] EmbedderFiles() =>
        [.. new[] { "model.onnx", "tokenizer.json" }.Select(name => (name, File.ReadAllBytes(Path.Combine(Embedder, name))))];

    /// <summary>An entry for a package with files.</summary>
    /// <param name="package">What is hashed; null for what the server has.</param>
    private InstallableModel Entry(string source, (string Name, byte[] Bytes)[] files, string prefix, byte[]? package = null) => new(
        "tiny", "Tiny embeddings", "embeddings", "MIT", new Uri("https://example.com/licence"), source,
        [.. files.Select(file => new InstallableFile(file.Name, From: prefix + file.Name, Bytes: file.Bytes.Length))],
        (package ?? Server.Package).Length, RegistryServer.IntegrityOf(package ?? Server.Package), new InstallOptions(File: files[0].Name),
        new Dictionary<string, decimal> { ["inputPerMillion"] = 0.03m });

    private Task WriteCatalogueAsync(InstallableModel entry) => File.WriteAllBytesAsync(
        Path.Combine(_folder, "catalogue.json"),
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new CatalogueFile([entry]), CatalogueJson.Default.CatalogueFile));

    private async Task<string> FetchAsync(InstallableModel entry, string? hub = null)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Registries:Npm"] = Server.Npm, ["Registries:NuGet"] = Server.NuGet, ["Hub:Address"] = hub,
        }).Build();
        var (download, files) =
            await new InstallSource(settings, home: _folder, _report).FetchAsync(entry, _folder, CancellationToken.None);
        download.Dispose();
        return files;
    }

    private ProcessStartInfo Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [ClusterCommands.Program, .. arguments, "--data", Data])
        {
            RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true,
        };
        start.Environment["TOLLGATE__Registries__Catalogue"] = Path.Combine(_folder, "catalogue.json");
        start.Environment["TOLLGATE__Registries__Npm"] = Server.Npm;
        start.Environment["TOLLGATE__Registries__NuGet"] = Server.NuGet;
        return start;
    }

    private Task<ProgramRun> RunAsync(params string[] arguments)
    {
        var start = Start(arguments);
        return ProgramRun.RunAsync(
            "dotnet", [.. start.ArgumentList], start.Environment.ToDictionary(one => one.Key, one => one.Value!),
            patience: TimeSpan.FromMinutes(2));
    }
}
