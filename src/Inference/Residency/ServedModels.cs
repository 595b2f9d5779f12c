using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Inference.Residency;

/// <summary>
/// The models that this worker serves: those of the repository, each in its newest version. The repository is looked at every second; a
/// new model is loaded and warmed up before it is shown, an older version or a removed model leaves when its last request is done, and a
/// broken one is logged once and shown as not ready. Thread-safe.
/// </summary>
internal sealed partial class ServedModels(
    ModelLoader loader, SessionFactory sessions, ModelStore store, ServedGroup group, IOptions<ModelsOptions> options, TimeProvider clock,
    ILogger<ServedModels> logger)
    : RecurringWork(new Rhythm(options.Value.ScanInterval, IsBeat: true), clock, logger), IServedModels
{
    private static readonly TimeSpan RetireInterval = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentDictionary<string, LoadedModel> _loaded = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BrokenModel> _broken = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<LoadedModel, Task> _retiring = new();
    private bool _installed;

    public bool Scanned { get; private set; }

    public IEnumerable<LoadedModel> All => _loaded.Values;

    public LoadedModel? Find(string name) => _loaded.GetValueOrDefault(name);

    public IReadOnlyList<ServedModel> Status()
    {
        var served = _loaded.Values.Select(model =>
        {
            var load = model.Load;
            return new ServedModel(model.Card, Ready: true, load.Active, load.Queued, model.Slots, model.TokensPerSecond);
        });
        var broken = _broken.Where(model => !_loaded.ContainsKey(model.Key) && model.Value.Card is not null)
            .Select(model => new ServedModel(model.Value.Card!, Ready: false, Active: 0, Queued: 0, Slots: 0));
        return [.. served.Concat(broken).OrderBy(model => model.Card.Name, StringComparer.Ordinal)];
    }

    protected override string Failure => "The model repository cannot be read";

    /// <summary>Looks at the repository once. The first run installs the default models before.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!_installed)
        {
            _installed = true;
            await InstallDefaultsAsync(cancellationToken);
        }

        var names = Directory.Exists(store.Root)
            ? Directory.EnumerateDirectories(store.Root).Select(path => Path.GetFileName(path)).Where(ModelName.IsValid).ToHashSet(
                StringComparer.Ordinal)
            : [];
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            await LookAtAsync(name, cancellationToken);
        }

        foreach (var (name, model) in _loaded)
        {
            if (!names.Contains(name) || store.Versions(name).Count == 0)
            {
                _loaded.TryRemove(name, out _);
                Log.Removed(logger, name, model.Version);
                Retire(model, cancellationToken);
            }
        }

        Scanned = true;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_retiring.Values);
        foreach (var model in _loaded.Values)
        {
            await model.DisposeAsync();
        }
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (IOException or UnauthorizedAccessException))
        {
            return false;
        }

        Log.RepositoryUnreadable(logger, exception);
        return true;
    }

    /// <summary>Installs what ships with the platform and the repository lacks, through the same importer as a user's file.</summary>
    private async Task InstallDefaultsAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Defaults is not { Length: > 0 } folder || group.Name is not null)
        {
            return;
        }

        try
        {
            foreach (var model in await DefaultCatalogue.InstallAsync(
                store, folder, new ModelImportOptions { Sessions = sessions, Clock = Clock, Tasks = loader.Tasks }, cancellationToken))
            {
                Log.Installed(logger, model.Manifest.Name);
            }
        }
        catch (ModelImportException exception)
        {
            Log.NotInstalled(logger, exception, folder);
        }
    }

    private async Task LookAtAsync(string name, CancellationToken cancellationToken)
    {
        ModelCard? card = null;
        var stamp = "";
        try
        {
            if (store.Versions(name) is not [var version, ..] || _loaded.GetValueOrDefault(name)?.Version == version)
            {
                return;
            }

            stamp = Stamp(name, version);
            if (_broken.TryGetValue(name, out var known) && known.Stamp == stamp)
            {
                return;
            }

            if (store.Find(name, version) is { } installed && group.Serves(installed.Manifest))
            {
                card = loader.Describe(installed);
                await ServeAsync(installed, cancellationToken);
                _broken.TryRemove(name, out _);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever is wrong with one model, the others are served.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.Broken(logger, exception, name);
            _broken[name] = new BrokenModel(stamp, card);
        }
    }

    private async Task ServeAsync(InstalledModel installed, CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        var model = await loader.LoadAsync(installed, cancellationToken);
        LoadedModel? older = null;
        _loaded.AddOrUpdate(model.Name, model, (_, current) =>
        {
            older = current;
            return model;
        });
        Log.Served(logger, model.Name, model.Version, Clock.GetElapsedTime(started).TotalSeconds);
        if (older is not null)
        {
            Retire(older, cancellationToken);
        }
    }

    /// <summary>Frees a model when its last request is done.</summary>
    private void Retire(LoadedModel model, CancellationToken cancellationToken) =>
        _retiring[model] = RetireAsync(model, cancellationToken);

    private async Task RetireAsync(LoadedModel model, CancellationToken cancellationToken)
    {
        try
        {
            do
            {
                // The first wait also covers a request that had found the model just before it was replaced.
                await Task.Delay(RetireInterval, Clock, cancellationToken);
            }
            while (model.Load is not { Active: 0, Queued: 0 });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Log.RetiredByStop(logger, model.Name, model.Version);
        }

        await model.DisposeAsync();
        _retiring.TryRemove(model, out _);
    }

    /// <summary>Changes when a version is written again, so that a broken one is tried again.</summary>
    private string Stamp(string name, string version)
    {
        var manifest = Path.Combine(store.Root, name, version, ModelManifest.FileName);
        return $"{version} {File.GetLastWriteTimeUtc(manifest).Ticks}";
    }

    /// <summary>A version that cannot be served; it is tried again once its stamp changes.</summary>
    private sealed record BrokenModel(string Stamp, ModelCard? Card);

    private static partial class Log
    {
        [LoggerMessage(6, LogLevel.Information, "Default model {Model} was installed.")]
        public static partial void Installed(ILogger logger, string model);

        [LoggerMessage(7, LogLevel.Error, "The default models in {Folder} cannot be installed.")]
        public static partial void NotInstalled(ILogger logger, Exception exception, string folder);

        [LoggerMessage(5, LogLevel.Error, "The model repository cannot be read; what is loaded stays served.")]
        public static partial void RepositoryUnreadable(ILogger logger, Exception exception);

        [LoggerMessage(1, LogLevel.Information, "Model {Model} version {Version} is ready after {Seconds:0.0} s.")]
        public static partial void Served(ILogger logger, string model, string version, double seconds);

        [LoggerMessage(2, LogLevel.Error, "Model {Model} cannot be served.")]
        public static partial void Broken(ILogger logger, Exception exception, string model);

        [LoggerMessage(3, LogLevel.Information, "Model {Model} version {Version} was removed from the repository.")]
        public static partial void Removed(ILogger logger, string model, string version);

        [LoggerMessage(4, LogLevel.Information, "Model {Model} version {Version} was still leaving when the worker stopped.")]
        public static partial void RetiredByStop(ILogger logger, string model, string version);
    }
}
