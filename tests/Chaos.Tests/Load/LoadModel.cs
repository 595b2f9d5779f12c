using Tollgate.Clusters;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Tasks.Detection;
using Tollgate.Inference.Tests.Tasks.ImageClassification;
using Tollgate.Inference.Tests.Tasks.Tensors;
using Tollgate.Inference.Tests.Tasks.Transcription;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>A model that answers calls of the load.</summary>
internal sealed record LoadModel(string Name, ModelTask Task)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static readonly string Program = Path.Combine(
        SharedFiles.Repository, "artifacts", "bin", "Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "Tollgate.Cli.dll");

    public static readonly LoadModel Assistant = new("tiny-assistant", ModelTask.Chat);

    /// <summary>tiny-assistant in 8 bits, its second version where a run has one.</summary>
    private static readonly string[] AssistantInt8 =
        [Path.Combine(SharedFiles.Repository, "models", "tiny-assistant", "tiny-assistant.gguf"), "--precision", "int8"];

    public static readonly LoadModel Embedder = new("tiny-embed", ModelTask.Embeddings);

    public static readonly LoadModel Labeller = new("tiny-sentiment", ModelTask.Classification);

    public static readonly LoadModel Painter = new("tiny-painter", ModelTask.ImageGeneration);

    /// <summary>tiny-sentiment, which takes what is negative for harassment.</summary>
    public static readonly LoadModel Guard = new("guard", ModelTask.Classification) { Source = WriteGuard };

    public static readonly LoadModel Pictures = new("pictures", ModelTask.ImageClassification)
    {
        Source = folder => Shared("models/efficientnet-lite0") ?? ColourClassifier.Write(folder),
    };

    public static readonly LoadModel Detector = new("detector", ModelTask.ImageDetection) { Source = folder => ToyDetector.Write(folder) };

    public static readonly LoadModel Reader = new("reader", ModelTask.Ocr) { Source = _ => NpmModels.Ocr };

    /// <summary>Hears English.</summary>
    public static readonly LoadModel Speech = new("speech", ModelTask.Transcription)
    {
        Source = folder => Shared("models/whisper-tiny.en") ?? WriteWhisper(folder),
    };

    /// <summary>Knows several languages, as translations need it.</summary>
    public static readonly LoadModel Interpreter = new("interpreter", ModelTask.Transcription) { Source = WriteWhisper };

    /// <summary>Rows of numbers times a matrix.</summary>
    public static readonly LoadModel Tensors = new("tensors", ModelTask.Tensors)
    {
        Source = folder => TensorModels.WriteProduct(folder, TensorCalls.Columns, TensorCalls.Outputs),
    };

    /// <summary>Gives the folder to import; a model that is written is written into the empty folder that it gets. Null for a model that
    /// every worker has.</summary>
    public Func<string, string>? Source { get; private init; }

    /// <summary>Models that have a second version once <see cref="InstallSecondVersionsAsync"/> has run.</summary>
    public static IReadOnlyList<LoadModel> Versioned { get; } = [Assistant, Embedder, Tensors];

    /// <summary>Imports the models that workers do not have, as an operator does.</summary>
    public static async Task InstallAllAsync(TollgateCluster cluster)
    {
        foreach (var model in CallKind.Models)
        {
            if (model.Source is { } source)
            {
                var folder = source(Directory.CreateDirectory(Path.Combine(cluster.Folder, "sources", model.Name)).FullName);
                await ImportAsync(cluster, model, folder);
            }
        }
    }

    /// <summary>Imports a second version of some models: the assistant in 8 bits, others as they are.</summary>
    public static async Task InstallSecondVersionsAsync(TollgateCluster cluster)
    {
        await ImportAsync(cluster, Assistant, AssistantInt8);
        await ImportAsync(cluster, Embedder, Path.Combine(SharedFiles.Repository, "models", Embedder.Name, "model.onnx"));
        var tensors = Directory.CreateDirectory(Path.Combine(cluster.Folder, "sources", $"{Tensors.Name}-2")).FullName;
        await ImportAsync(cluster, Tensors, Tensors.Source!(tensors));
    }

    private static async Task ImportAsync(TollgateCluster cluster, LoadModel model, params string[] source) =>
        (await ProgramRun.RunAsync(
            "dotnet", [Program, "models", "import", .. source, "--name", model.Name], cluster.OperatorEnvironment,
            patience: Patience)).Succeeded();

    /// <summary>A folder of the shared one; null where that is absent.</summary>
    private static string? Shared(string folder) => Directory.Exists(SharedFiles.At(folder)) ? SharedFiles.At(folder) : null;

    private static string WriteGuard(string folder)
    {
        foreach (var file in (string[])["model.onnx", "config.json", "tokenizer.json"])
        {
            File.Copy(Path.Combine(SharedFiles.Repository, "models", "tiny-sentiment", file), Path.Combine(folder, file));
        }

        File.WriteAllText(Path.Combine(folder, "moderation.json"), """{"labels":{"negative":"harassment"},"threshold":0.8}""");
        return folder;
    }

    private static string WriteWhisper(string folder)
    {
        RandomWhisper.Write(folder, seed: 11, attention: true);
        return folder;
    }
}
