using Tollgate.Contracts.Metering;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>One import of a model that reads text: its files are taken as they are, after every graph has run.</summary>
internal sealed class OcrImport(ImportJob job)
{
    private const string DetectionName = "detection.onnx";
    private const string RecognitionName = "recognition.onnx";
    private const string DirectionName = "direction.onnx";
    private const string DictionaryName = "dictionary.txt";
    private const long MostDictionaryBytes = 4 << 20;

    /// <summary>Height of lines where the graph takes any: PaddleOCR's since version 3.</summary>
    private const int UsualRows = 48;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        var files = OcrFolder.Read(job.Path);
        job.Progress?.Report(new("reading the files", 0));
        await TakeGraphAsync(files.Detection, DetectionName, cancellationToken);
        var recognition = await TakeGraphAsync(files.Recognition, RecognitionName, cancellationToken);
        if (files.Direction is not null)
        {
            await TakeGraphAsync(files.Direction, DirectionName, cancellationToken);
        }

        await TakeDictionaryAsync(files.Dictionary, cancellationToken);
        job.Progress?.Report(new("trying it", 0));
        var ocr = new ModelOcr(
            DetectionName, RecognitionName, files.Direction is null ? null : DirectionName, DictionaryName, ReadRows());
        bool batching;
        using (var sessions = OcrSessions.Open(ocr, PathOf, job.Options.Sessions))
        {
            batching = await Task.Run(() => sessions.Try(cancellationToken), cancellationToken)
                && !recognition.Operators.Contains("DynamicQuantizeLinear"); // Its scale spans the batch.
        }

        job.Progress?.Report(new("installing", 0));
        var source = new ModelSource(
            ModelFolder.NameOf(job.Path), "onnx", await ModelFolder.HashAsync(job.Draft.Folder, cancellationToken));
        return await job.Draft.InstallAsync(
            (version, installed) => ocr.WriteTo(new ModelManifest
            {
                Name = job.Draft.Name,
                Version = version,
                Task = ModelTask.Ocr.Name,
                Description = job.Options.Description,
                Licence = job.Options.Licence,
                Source = source,
                Created = job.Options.Clock.GetUtcNow(),
                Files = installed,
                Graph = RecognitionName,
                Limits = new ModelLimits(0, 0),
                Batching = batching,
            }), cancellationToken);
    }

    private async Task<OnnxInspection> TakeGraphAsync(string path, string name, CancellationToken cancellationToken)
    {
        var graph = await OnnxGraphFile.ReadAsync(path, cancellationToken);
        await graph.CopyAsync(
            job.Draft.Folder, name, [DetectionName, RecognitionName, DirectionName, DictionaryName], cancellationToken);
        return graph.Inspection;
    }

    private async Task TakeDictionaryAsync(string path, CancellationToken cancellationToken)
    {
        if (new FileInfo(path).Length > MostDictionaryBytes)
        {
            throw new ModelImportException($"The dictionary is longer than {MostDictionaryBytes} bytes.");
        }

        await File.WriteAllBytesAsync(
            PathOf(DictionaryName), await File.ReadAllBytesAsync(path, cancellationToken), cancellationToken);
    }

    /// <summary>The height of lines that the recognition graph states.</summary>
    private int ReadRows()
    {
        using var recognition = job.Options.Sessions.Open(PathOf(RecognitionName));
        return recognition.InputMetadata.Values.FirstOrDefault()?.Dimensions is [_, _, > 0 and var rows, _] ? rows : UsualRows;
    }

    private string PathOf(string name) => Path.Combine(job.Draft.Folder, name);
}
