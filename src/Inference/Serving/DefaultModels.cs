using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Serving;

/// <summary>Installs the models that ship with the platform, through the same importer as a user's file, unless the repository has them.</summary>
internal sealed partial class DefaultModels(
    IOptions<ModelsOptions> options, ModelStore store, SessionFactory sessions, TimeProvider clock, ILogger<DefaultModels> logger)
{
    private static readonly string[] Extensions = [".gguf", ".onnx"];

    public async Task InstallAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Defaults is not { Length: > 0 } folder || !Directory.Exists(folder))
        {
            return;
        }

        foreach (var path in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            var file = Directory.EnumerateFiles(path).FirstOrDefault(file => Extensions.Contains(Path.GetExtension(file)));
            if (file is null || !ModelName.IsValid(name))
            {
                continue;
            }

            try
            {
                if (store.Versions(name).Count == 0)
                {
                    await ModelImport.RunAsync(file, name, store.Root, ImportOptions(), progress: null, cancellationToken);
                    Log.Installed(logger, name);
                }
            }
            catch (ModelImportException exception)
            {
                Log.NotInstalled(logger, exception, name);
            }
        }
    }

    private ModelImportOptions ImportOptions() => new() { Licence = "Apache-2.0", Sessions = sessions, Clock = clock };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Default model {Model} was installed.")]
        public static partial void Installed(ILogger logger, string model);

        [LoggerMessage(2, LogLevel.Error, "Default model {Model} cannot be installed.")]
        public static partial void NotInstalled(ILogger logger, Exception exception, string model);
    }
}
