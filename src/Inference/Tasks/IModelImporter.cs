using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>Turns model files, or folders of them, into installed models. Stateless.</summary>
internal interface IModelImporter
{
    /// <summary>What it takes, in words, such as <c>a .gguf of text generation</c>.</summary>
    string Files { get; }

    /// <summary>Whether it imports this file or folder. The importers are asked in the order of <see cref="ModelTasks.All"/>; the first
    /// takes it.</summary>
    /// <param name="path">An existing file or folder.</param>
    bool Takes(string path);

    /// <summary>Whether it imports this file or folder with these options, where they change it.</summary>
    /// <inheritdoc cref="Takes(string)"/>
    bool Takes(string path, ModelImportOptions options) => Takes(path);

    /// <summary>Validates the source, converts it, tries the result and installs it.</summary>
    /// <exception cref="ModelImportException">The source is unsound or unsupported, or the result differs from it.</exception>
    Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken);
}

/// <summary>One import.</summary>
/// <param name="Path">Path of the model's file or folder.</param>
/// <param name="Draft">Receives the files of the new version.</param>
/// <param name="Progress">Receives each stage; may be null.</param>
internal sealed record ImportJob(string Path, ModelDraft Draft, ModelImportOptions Options, IProgress<ModelImportProgress>? Progress);
