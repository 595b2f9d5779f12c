using Tollgate.Inference.Models;

namespace Tollgate.Inference.Import;

/// <summary>Takes a model file into the repository: validate, convert, compare with the source, install.</summary>
public static class ModelImport
{
    /// <summary>Imports a GGUF or ONNX file as the next version of a model.</summary>
    /// <param name="progress">Told about each stage; may be null.</param>
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

        using var draft = new ModelStore(modelsFolder).Begin(name);
        try
        {
            return Path.GetExtension(file).ToUpperInvariant() switch
            {
                ".GGUF" => await new GgufImport(file, draft, options, progress).RunAsync(cancellationToken),
                ".ONNX" => await new OnnxImport(file, draft, options, progress).RunAsync(cancellationToken),
                _ => throw new ModelImportException($"'{Path.GetFileName(file)}' is neither a .gguf nor an .onnx file."),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ModelImportException($"The import of '{Path.GetFileName(file)}' failed: {exception.Message}", exception);
        }
    }
}
