using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.Inference.Tests.Tasks.Transcription;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>
/// Models that tests import into the shared system, each on first use. Those that the README imports come by its own commands, run in a
/// folder that has the files they name.
/// </summary>
internal sealed class ImportedModels(RunningTollgate running)
{
    /// <summary>Below the shared folder.</summary>
    public const string WhisperFolder = "models/whisper-tiny.en";

    /// <summary>Below the shared folder.</summary>
    public const string ClassifierFolder = "models/efficientnet-lite0";

    /// <summary>The chapter that shows a call of each task.</summary>
    public static readonly ReadmeChapter Chapter = new("Classify, rank, see, hear, draw");

    private readonly Dictionary<string, Task<string>> _imports = [];
    private string? _folder;

    /// <summary>tiny-sentiment as a model that takes what is negative for harassment; $0.02 a million tokens.</summary>
    public Task<string> GuardAsync() => OnceAsync("guard", async () =>
    {
        var folder = TestFolder.Create("guard");
        foreach (var file in (string[])["model.onnx", "config.json", "tokenizer.json"])
        {
            File.Copy(Path.Combine(Default("tiny-sentiment"), file), Path.Combine(folder, file));
        }

        await File.WriteAllTextAsync(
            Path.Combine(folder, "moderation.json"), """{"labels":{"negative":"harassment"},"threshold":0.8}""");
        (await running.Commands.RunAsync("models", "import", folder, "--name", "guard", "--price-in", "0.02")).Succeeded();
    });

    /// <summary>tiny-embed as a model that also gives 64 and 128 dimensions; $0.02 a million tokens.</summary>
    public Task<string> MatryoshkaAsync() => OnceAsync("matryoshka", async () => (await running.Commands.RunAsync(
        "models", "import", Path.Combine(Default("tiny-embed"), "model.onnx"), "--name", "matryoshka", "--dimensions", "64", "128",
        "--price-in", "0.02")).Succeeded());

    /// <summary>MiniLM, 384 wide, as a model with prefixes that also gives 128 and 256 dimensions.</summary>
    public Task<string> PrefixedAsync() => OnceAsync("e5", () => RunReadmeAsync("e5"));

    /// <summary>Whisper tiny.en; $0.10 per 1,000 seconds.</summary>
    public Task<string> WhisperAsync() => OnceAsync("whisper", () => RunReadmeAsync("whisper"));

    /// <summary>EfficientNet; $0.0001 a picture, its pixels free.</summary>
    public Task<string> ClassifierAsync() => OnceAsync("my-classifier", () => RunReadmeAsync("my-classifier"));

    /// <summary>A Whisper of several languages that a test writes: with times, its translation of everything is "hi"; $0.37 per 1,000
    /// seconds.</summary>
    public Task<string> InterpreterAsync() => OnceAsync("interpreter", async () =>
    {
        var folder = TestFolder.Create("interpreter");
        ToyWhisper.Write(folder);
        (await running.Commands.RunAsync("models", "import", folder, "--name", "interpreter", "--price-audio", "0.37")).Succeeded();
    });

    /// <summary>CenterNet of npm's @vladmandic/human; $0.0003 a picture and $0.37 per million pixels.</summary>
    public Task<string> DetectorAsync() => OnceAsync("detector", async () => (await running.Commands.RunAsync(
        "models", "import", NpmModels.WriteCenterNet(TestFolder.Create("centernet")), "--name", "detector", "--price-image", "0.0003",
        "--price-pixels", "0.37")).Succeeded());

    /// <summary>Runs a command of the README as its reader does, on this system's address and data folder.</summary>
    public Task<ProgramRun> RunAsync(string command)
    {
        _folder ??= MakeFolder();
        var environment = new Dictionary<string, string> { ["KEY"] = running.FirstKey, ["TOLLGATE_API_KEY"] = running.FirstKey };
        return ProgramRun.RunAsync(
            "/bin/bash", ["-c", $"cd '{_folder}' && {Here(command)}"], environment, patience: TimeSpan.FromMinutes(3));
    }

    /// <summary>A text of the README with this system's address.</summary>
    public string Here(string text) => text.Replace("http://127.0.0.1:8080", running.Endpoints.Api, StringComparison.Ordinal);

    private static string Default(string model) => Path.Combine(SharedFiles.Repository, "models", model);

    private async Task RunReadmeAsync(string name) => (await RunAsync(Chapter.Commands.Single(
        command => command.Contains("models import ", StringComparison.Ordinal)
            && command.Contains($"--name {name} ", StringComparison.Ordinal)))).Succeeded();

    /// <summary>The folder of a reader: the files that the README names, and <c>./tollgate</c>.</summary>
    private string MakeFolder()
    {
        var folder = TestFolder.Create("reader");
        foreach (var (name, target) in ((string, string)[])
        [
            ("model.onnx", SharedFiles.At("models/all-minilm-l6-v2/model.onnx")),
            ("tokenizer.json", SharedFiles.At("models/all-minilm-l6-v2/tokenizer.json")),
            ("whisper-tiny.en", SharedFiles.At(WhisperFolder)), ("efficientnet", SharedFiles.At(ClassifierFolder)),
            ("speech.wav", SharedFiles.At(Recordings.Jfk)), ("cat.jpg", SharedFiles.At($"{ClassifierFolder}/images/chelsea.jpg")),
            ("picture.jpg", SharedFiles.At($"{ClassifierFolder}/images/chelsea.jpg")),
        ])
        {
            File.CreateSymbolicLink(Path.Combine(folder, name), target);
        }

        var script = Path.Combine(folder, "tollgate");
        File.WriteAllText(
            script, $"#!/bin/sh\nexec dotnet '{OperatorCommands.ProgramOf("models")}' \"$@\" --data '{running.Data}'\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return folder;
    }

    private Task<string> OnceAsync(string name, Func<Task> import) =>
        _imports.TryGetValue(name, out var known) ? known : _imports[name] = ImportAsync(name, import);

    /// <summary>Imports, and waits until the gateway lists the model.</summary>
    private async Task<string> ImportAsync(string name, Func<Task> import)
    {
        await import();
        using var client = running.Client();
        await Until.TrueAsync(
            async () => (await client.GetAsync($"/v1/models/{name}")).Status == HttpStatusCode.OK, $"{name} is listed",
            TimeSpan.FromSeconds(60));
        return name;
    }
}
