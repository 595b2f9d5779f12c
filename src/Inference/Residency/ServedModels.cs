using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Inference.Residency;

/// <summary>
/// The models that this worker serves: those of the repository, each in the versions of its plan, without one in its newest. Repository and
/// plans are looked at every second. A new version is loaded beside the requests and warmed up before it is shown; one that leaves stays
/// until another one serves and its last request is done; a broken one is logged once, and keeps no other one away. Thread-safe.
/// </summary>
internal sealed partial class ServedModels(
    ServedParts parts, IModelPlans plans, VersionTable table, ModelLoads loads, TimeProvider clock, ILogger<ServedModels> logger)
    : RecurringWork(new Rhythm(parts.Options.ScanInterval, IsBeat: true), clock, logger), IServedModels
{
    /// <summary>How long a start waits for the first plans. Then it serves the newest versions.</summary>
    private static readonly TimeSpan PlanPatience = TimeSpan.FromSeconds(2);

    /// <summary>How long a version that the plan left to other workers stays after its last request.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);

    private bool _installed;

    public bool HasRead { get; private set; }

    public bool Scanned { get; private set; }

    public IEnumerable<LoadedModel> All => table.Loaded;

    private ModelStore Store => parts.Store;

    public IFoundModels Open(string? version = null) =>
        new FoundModels(table, plans, loads, version, parts.Queue.QueueTimeout, Clock);

    public IReadOnlyList<ServedModel> Status() => table.Status();

    protected override string Failure => "The model repository cannot be read";

    /// <summary>Looks at repository and plans once, and begins the loads that are due. The first run installs the default models before,
    /// and waits for all loads.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!_installed)
        {
            _installed = true;
            await InstallDefaultsAsync(cancellationToken);
            await plans.WaitForFirstAsync(cancellationToken).WaitAsync(PlanPatience, Clock, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        var begun = new List<Task>();
        foreach (var name in Store.Names().Concat(table.Names).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            begun.AddRange(LookAt(name));
        }

        HasRead = true;
        if (!Scanned)
        {
            await Task.WhenAll(begun).WaitAsync(cancellationToken);
            Scanned = true;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await loads.StopAsync();
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
        if (parts.Options.Defaults is not { Length: > 0 } folder || parts.Group.Name is not null)
        {
            return;
        }

        try
        {
            var import = new ModelImportOptions { Sessions = parts.Sessions, Clock = Clock, Tasks = parts.Loader.Tasks };
            foreach (var model in await DefaultCatalogue.InstallAsync(Store, folder, import, cancellationToken))
            {
                Log.Installed(logger, model.Manifest.Name);
            }
        }
        catch (ModelImportException exception)
        {
            Log.NotInstalled(logger, exception, folder);
        }
    }

    /// <summary>Looks at one model: which versions it has, which of them are wanted, and which leave. Returns the loads that it
    /// began.</summary>
    private List<Task> LookAt(string name)
    {
        var installed = FindVersions(name);
        var versions = table.Show(name, installed, out var gone);
        foreach (var residence in gone)
        {
            Log.Removed(logger, name, residence.Model.Version);
            loads.Retire(residence);
        }

        var plan = plans.Find(name);
        foreach (var version in versions.Where((version, place) =>
            place < VersionTable.MostStated || plan?.Versions.Any(planned => planned.Version == version.Version) == true))
        {
            Read(version);
        }

        var (begun, leaving) = table.Do(() => Want(
            versions, WantedVersions.Of(installed, plan, version => versions.Any(one => one.Version == version && one.Error is not null)),
            plan));
        foreach (var residence in leaving)
        {
            Log.Leaves(logger, name, residence.Model.Version);
            loads.Retire(residence);
        }

        return begun;
    }

    private IReadOnlyList<string> FindVersions(string name)
    {
        try
        {
            return [.. Store.Versions(name).Where(version => parts.Group.Serves(name, version))];
        }
        catch (DirectoryNotFoundException)
        {
            return []; // It was removed just now.
        }
    }

    /// <summary>Called with the table's gate held.</summary>
    private (List<Task> Begun, List<Residence> Leaving) Want(
        IReadOnlyList<ModelVersion> versions, IReadOnlyList<string> wanted, ModelPlan? plan)
    {
        var begun = new List<Task>();
        foreach (var version in versions)
        {
            version.Wanted = wanted.Contains(version.Version);
            version.Evicted &= version.Wanted;
            if (version is { Wanted: true, Residence: null, Error: null, Evicted: false })
            {
                begun.Add(loads.Begin(version, mayEvict: Scanned));
            }
        }

        // What is in memory serves until something that is wanted does: a switch fails no request.
        var served = versions.Any(version => version.Wanted && (version.Residence is not null || version.Evicted));

        // Where the plan's versions are at other workers only, it serves until requests have left it: a version that was rolled back must
        // not wait in memory for the next moment in which the others are away.
        var isElsewhere = plan is { Versions.Count: > 0 } && wanted.Count == 0;
        return (begun,
        [
            .. versions.Where(version => !version.Wanted
                && (plan is { Unloaded: true } || served || (isElsewhere && version.Residence?.IsUnused(Clock, Farewell) == true)))
                .Select(VersionTable.Detach).OfType<Residence>(),
        ]);
    }

    /// <summary>Reads the manifest of a version that has appeared, or was written again.</summary>
    private void Read(ModelVersion version)
    {
        var stamp = Stamp(version);
        if (table.Do(() => version.Residence is not null || version.Stamp == stamp))
        {
            return;
        }

        try
        {
            var read = Store.Find(version.Name, version.Version)
                ?? throw new ModelImportException("It was removed.");
            var card = parts.Loader.Describe(read);
            table.Change(() => (version.Installed, version.Card, version.Error, version.Bytes, version.Leaving) =
                (read, card, null, ModelLoads.FileBytes(read), null));
        }
#pragma warning disable CA1031 // Whatever is wrong with one version, the others are served.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.Unreadable(logger, exception, version.Name, version.Version);
            table.Change(() => (version.Installed, version.Card, version.Error) = (null, null, ModelLoads.ReasonOf(exception)));
        }

        table.Change(() => version.Stamp = stamp);
    }

    private string Stamp(ModelVersion version)
    {
        var manifest = Path.Combine(Store.Root, version.Name, version.Version, ModelManifest.FileName);
        return $"{File.GetLastWriteTimeUtc(manifest).Ticks}";
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Default model {Model} was installed.")]
        public static partial void Installed(ILogger logger, string model);

        [LoggerMessage(2, LogLevel.Error, "The default models in {Folder} cannot be installed.")]
        public static partial void NotInstalled(ILogger logger, Exception exception, string folder);

        [LoggerMessage(3, LogLevel.Information, "Model {Model} version {Version} was removed from the repository.")]
        public static partial void Removed(ILogger logger, string model, string version);

        [LoggerMessage(4, LogLevel.Information, "Model {Model} version {Version} leaves memory when its last request is done.")]
        public static partial void Leaves(ILogger logger, string model, string version);

        [LoggerMessage(5, LogLevel.Error, "The model repository cannot be read; what is loaded stays served.")]
        public static partial void RepositoryUnreadable(ILogger logger, Exception exception);

        [LoggerMessage(6, LogLevel.Error, "The manifest of model {Model} version {Version} cannot be read.")]
        public static partial void Unreadable(ILogger logger, Exception exception, string model, string version);
    }
}

/// <summary>What the models of a worker are made from.</summary>
internal sealed class ServedParts(
    ModelStore store, ServedGroup group, ModelLoader loader, SessionFactory sessions, IOptions<ModelsOptions> options,
    IOptions<QueueOptions> queue)
{
    public ModelStore Store => store;

    public ServedGroup Group => group;

    public ModelLoader Loader => loader;

    public SessionFactory Sessions => sessions;

    public ModelsOptions Options => options.Value;

    public QueueOptions Queue => queue.Value;
}
