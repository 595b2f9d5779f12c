using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Inference.Deployments;

/// <summary>
/// Installs trained models that are deployed into the repository, through the ordinary importer, and removes those that no longer are. A
/// model that cannot be installed is tried again after growing pauses and keeps no other one away. Models of the operator are never
/// touched. Workers that share a repository take turns.
/// </summary>
internal sealed partial class DeployedModels(
    DeployedModelFile file, ModelStore store, IOptions<ModelsOptions> options, DeploymentParts parts, TimeProvider clock,
    ILogger<DeployedModels> logger)
    : RecurringWork(new Rhythm(FirstPause), clock, logger)
{
    private const string LockName = ".deployed";
    private const string FolderName = "deploying";
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private readonly Dictionary<string, FailedTry> _failures = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<DeployedModel>? _wanted;
    private bool _othersTurn;

    /// <summary>Takes over what is deployed. Thread-safe.</summary>
    public void Want(IReadOnlyList<DeployedModel> models)
    {
        _wanted = models;
        Wake();
    }

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (_wanted is not { } wanted)
        {
            return;
        }

        _othersTurn = false;
        var installed = FindInstalled();
        if (wanted.Count + installed.Count == 0)
        {
            return; // Without a lock: the repository of a worker that installs nothing may be read-only.
        }

        Directory.CreateDirectory(store.Root);
        using var turn = FileLock.TryTake(Path.Combine(store.Root, LockName));
        if (turn is null)
        {
            _othersTurn = true;
            return;
        }

        var names = wanted.Select(model => model.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in installed.Where(name => !names.Contains(name)))
        {
            store.Remove(name);
            Log.Removed(logger, name);
        }

        foreach (var gone in _failures.Keys.Where(name => !names.Contains(name)).ToList())
        {
            _failures.Remove(gone);
        }

        installed.IntersectWith(names);
        var room = options.Value.MostTuned - installed.Count;
        foreach (var model in wanted.Where(model => !installed.Contains(model.Name) && IsDue(model.Name)))
        {
            if (room <= 0)
            {
                Fail(model.Name, $"Models:MostTuned: {options.Value.MostTuned} trained models are installed already.");
            }
            else if (await TryInstallAsync(model, cancellationToken))
            {
                room--;
            }
        }
    }

    /// <summary>Until the next try of a model that failed, or until something else is deployed.</summary>
    protected override TimeSpan PauseAfter(bool succeeded)
    {
        if (_othersTurn || !succeeded)
        {
            return FirstPause;
        }

        if (_failures.Count == 0)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var due = _failures.Values.Min(failure => failure.Pause - Clock.GetElapsedTime(failure.At));
        return due > TimeSpan.Zero ? due : TimeSpan.Zero;
    }

    /// <summary>Names of models that are here because they were deployed.</summary>
    private HashSet<string> FindInstalled()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        if (!Directory.Exists(store.Root))
        {
            return found;
        }

        foreach (var name in Directory.EnumerateDirectories(store.Root).Select(path => Path.GetFileName(path)).Where(ModelName.IsValid))
        {
            try
            {
                if (store.Find(name)?.Manifest.Owned is not null)
                {
                    found.Add(name);
                }
            }
            catch (ModelImportException exception)
            {
                Log.Unreadable(logger, name, exception.Message); // The operator's, or damaged: left as it is.
            }
        }

        return found;
    }

    private bool IsDue(string model) =>
        _failures.GetValueOrDefault(model) is not { } failure || Clock.GetElapsedTime(failure.At) >= failure.Pause;

    /// <summary>Installs a model. Returns false after a failure, which is noted.</summary>
    private async Task<bool> TryInstallAsync(DeployedModel model, CancellationToken cancellationToken)
    {
        try
        {
            await InstallAsync(model, cancellationToken);
            _failures.Remove(model.Name);
            Log.Installed(logger, model.Name);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever is wrong with one customer's model, the others are installed and the worker serves.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(model.Name, exception.GetBaseException().Message);
            return false;
        }
    }

    private async Task InstallAsync(DeployedModel model, CancellationToken cancellationToken)
    {
        if (model.Bytes > options.Value.MaxTunedBytes)
        {
            throw new ModelImportException(
                $"Models:MaxTunedBytes: its {model.Bytes} bytes are more than the {options.Value.MaxTunedBytes} that are allowed.");
        }

        if (store.Versions(ModelName.Check(model.Name)).Count > 0)
        {
            throw new ModelImportException("The repository has a model of this name that the operator installed.");
        }

        var folder = Path.Combine(parts.Worker.Path, FolderName);
        DeleteFolder(folder); // What a killed worker left.
        Directory.CreateDirectory(folder);
        try
        {
            var files = await file.FetchAsync(model, folder, cancellationToken);
            await ModelImport.RunAsync(
                files,
                model.Name,
                store.Root,
                new ModelImportOptions
                {
                    Sessions = parts.Sessions,
                    Clock = Clock,
                    Tasks = [.. parts.Loader.Tasks.Where(task => task.Name == ModelTask.Classification.Name)],
                    Description = $"Trained from {model.BaseModel}.",
                    Owned = new ModelOwnership(
                        model.Owner.OrganizationId, model.Owner.ProjectId, TrainedModels.PriceOf(model.BaseModel)),
                },
                progress: null,
                cancellationToken);
        }
        finally
        {
            DeleteFolder(folder);
        }
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Fail(string model, string reason)
    {
        var last = _failures.GetValueOrDefault(model);
        var pause = last is null ? FirstPause : last.Pause * 2;
        pause = pause < LongestPause ? pause : LongestPause;
        _failures[model] = new FailedTry(Clock.GetTimestamp(), pause);
        Log.NotInstalled(logger, model, pause, reason);
    }

    /// <param name="Pause">Until the next try.</param>
    private sealed record FailedTry(long At, TimeSpan Pause);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Trained model {Model} is installed.")]
        public static partial void Installed(ILogger logger, string model);

        [LoggerMessage(2, LogLevel.Information, "Trained model {Model} is removed: it is not deployed any more.")]
        public static partial void Removed(ILogger logger, string model);

        [LoggerMessage(3, LogLevel.Error, "Trained model {Model} cannot be installed; next try in {Pause}. {Reason}")]
        public static partial void NotInstalled(ILogger logger, string model, TimeSpan pause, string reason);

        [LoggerMessage(4, LogLevel.Debug, "Model {Model} has no readable manifest. {Reason}")]
        public static partial void Unreadable(ILogger logger, string model, string reason);
    }
}

/// <summary>What an installation needs of the worker.</summary>
internal sealed record DeploymentParts(WorkerFolder Worker, SessionFactory Sessions, ModelLoader Loader);
