using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>Takes folders of Whisper models as the usual exporters write them.</summary>
internal sealed class WhisperImporter : IModelImporter
{
    public string Files => "a folder of a Whisper model (encoder_model.onnx, decoder_model_merged.onnx)";

    public bool Takes(string path) => WhisperFolder.FindEncoder(path) is not null && File.Exists(Path.Combine(path, WhisperFolder.Config));

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new WhisperImport(job).RunAsync(cancellationToken);
}
