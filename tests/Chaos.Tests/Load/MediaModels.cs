using Tollgate.Clusters;
using Tollgate.Contracts.Metering;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Installs models of the shared folder that hear and recognise, as an operator does. Without that folder the load draws pictures
/// alone.</summary>
internal static class MediaModels
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static readonly string Program = Path.Combine(
        SharedFiles.Repository, "artifacts", "bin", "Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "Tollgate.Cli.dll");

    /// <returns>The calls that the models of the cluster can answer, and the models whose prices change.</returns>
    public static async Task<(MediaCalls Calls, IReadOnlyList<(string Model, ModelTask Task)> Priced)> InstallAsync(TollgateCluster cluster)
    {
        List<(string, ModelTask)> priced = [("tiny-assistant", ModelTask.Chat), ("tiny-painter", ModelTask.ImageGeneration)];
        var speaks = await TryImportAsync(cluster, "models/whisper-tiny.en", MediaCalls.SpeechModel);
        if (speaks)
        {
            priced.Add((MediaCalls.SpeechModel, ModelTask.Transcription));
        }

        var recognises = await TryImportAsync(cluster, "models/efficientnet-lite0", MediaCalls.PictureModel);
        if (recognises)
        {
            priced.Add((MediaCalls.PictureModel, ModelTask.ImageClassification));
        }

        var clips = speaks
            ? new SpeechClips(await File.ReadAllBytesAsync(
                SharedFiles.At("models/audio/sense_and_sensibility_01_austen_64kb-0930.wav"))) : null;
        return (new MediaCalls(clips, recognises), priced);
    }

    private static async Task<bool> TryImportAsync(TollgateCluster cluster, string folder, string name)
    {
        if (!Directory.Exists(SharedFiles.At(folder)))
        {
            return false;
        }

        var run = await ProgramRun.RunAsync(
            "dotnet", [Program, "models", "import", SharedFiles.At(folder), "--name", name], cluster.OperatorEnvironment,
            patience: Patience);
        run.Succeeded();
        return true;
    }
}
