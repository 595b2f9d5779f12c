using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>Turns model files into installed models. Stateless.</summary>
internal interface IModelImporter
{
    /// <summary>Its files in words, such as <c>a .gguf of text generation</c>.</summary>
    string Files { get; }

    /// <summary>Whether it imports this file. The importers are asked in the order of <see cref="ModelTasks.All"/>; the first takes
    /// it.</summary>
    bool Takes(string file);

    /// <summary>Validates the file, converts it, tries the result and installs it.</summary>
    /// <exception cref="ModelImportException">The file is unsound or unsupported, or the result differs from the source.</exception>
    Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken);
}

/// <summary>One import.</summary>
/// <param name="File">Path of the model file.</param>
/// <param name="Draft">Receives the files of the new version.</param>
/// <param name="Progress">Receives each stage; may be null.</param>
internal sealed record ImportJob(string File, ModelDraft Draft, ModelImportOptions Options, IProgress<ModelImportProgress>? Progress);
