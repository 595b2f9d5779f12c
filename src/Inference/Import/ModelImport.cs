using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Import;

/// <summary>Takes a model file into the repository: validate, convert, compare with the source, install.</summary>
public static class ModelImport
{
    /// <summary>Imports a file as the next version of a model, by the first task that takes it.</summary>
    /// <param name="progress">Receives each stage; may be null.</param>
    /// <exception cref="ModelImportException">The file is unsound or unsupported, or the result differs from the source.</exception>
    public static async Task<InstalledModel> RunAsync(
        string file,
        string name,
        string modelsFolder,
        ModelImportOptions options,
        IProgress<ModelImportProgress>? progress,
        CancellationToken cancellationToken)
    {
        ModelName.Check(name);
        if (!File.Exists(file))
        {
            throw new ModelImportException($"There is no file '{file}'.");
        }

        var importers = options.Tasks.SelectMany(task => task.Importers).ToArray();
        var importer = Array.Find(importers, importer => importer.Takes(file)) ?? throw new ModelImportException(
            $"'{Path.GetFileName(file)}' is neither {string.Join(" nor ", importers.Select(importer => importer.Files))}.");
        using var draft = new ModelStore(modelsFolder).Begin(name);
        try
        {
            return await importer.ImportAsync(new ImportJob(file, draft, options, progress), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ModelImportException($"The import of '{Path.GetFileName(file)}' failed: {exception.Message}", exception);
        }
    }
}
