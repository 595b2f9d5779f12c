using Tollgate.Inference.Models;
using Tollgate.Inference.TensorFlowJs;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>Takes TF.js graph models: the JSON file, or a folder with <c>model.json</c>, and <c>config.json</c> beside it.</summary>
internal sealed class DetectionImporter : IModelImporter
{
    public string Files => "an object detector as TF.js graph model (model.json and its weights, config.json)";

    public bool Takes(string path) => GraphModel.Find(path) is not null;

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new DetectionImport(job, GraphModel.Find(job.Path)!).RunAsync(cancellationToken);
}
