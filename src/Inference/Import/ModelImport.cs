using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Import;

/// <summary>Takes a model, a file or a folder, into the repository: validate, convert, compare with the source, install.</summary>
public static class ModelImport
{
    /// <summary>Name of the task that takes a file or folder.</summary>
    /// <exception cref="ModelImportException">There is no such file or folder, or no task takes it.</exception>
    public static string FindTask(string path, ModelImportOptions? options = null) => Find(path, options ?? new()).Task.Name;

    /// <summary>Imports a file or folder as the next version of a model, by the first task that takes it.</summary>
    /// <param name="progress">Receives each stage; may be null.</param>
    /// <exception cref="ModelImportException">The source is unsound or unsupported, or the result differs from it.</exception>
    public static async Task<InstalledModel> RunAsync(
        string path,
        string name,
        string modelsFolder,
        ModelImportOptions options,
        IProgress<ModelImportProgress>? progress,
        CancellationToken cancellationToken)
    {
        ModelName.Check(name);
        var importer = Find(path, options).Importer;
        using var draft = new ModelStore(modelsFolder).Begin(name, options.Owned, options.Group);
        try
        {
            return await importer.ImportAsync(new ImportJob(path, draft, options, progress), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ModelImportException($"The import of '{ModelFolder.NameOf(path)}' failed: {exception.Message}", exception);
        }
    }

    private static (IModelTask Task, IModelImporter Importer) Find(string path, ModelImportOptions options)
    {
        if (!Path.Exists(path))
        {
            throw new ModelImportException($"There is no file or folder '{path}'.");
        }

        var tasks = options.Tasks.Where(task => options.Task is null || task.Name == options.Task);
        var importers = tasks.SelectMany(task => task.Importers.Select(importer => (Task: task, Importer: importer))).ToArray();
        if (importers.Length == 0)
        {
            throw new ModelImportException(
                $"There is no import for the task '{options.Task}'; there are those for "
                + $"{string.Join(", ", options.Tasks.Where(task => task.Importers.Count > 0).Select(task => task.Name))}.");
        }

        var found = Array.Find(importers, one => one.Importer.Takes(path, options));
        return found.Importer is not null ? found : throw new ModelImportException(
            $"'{ModelFolder.NameOf(path)}' is neither {string.Join(" nor ", importers.Select(one => one.Importer.Files))}.");
    }
}
