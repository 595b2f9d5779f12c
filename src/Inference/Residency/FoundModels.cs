using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Residency;

/// <summary>The models that one request uses: they stay in memory until it ends. Thread-safe.</summary>
/// <param name="wanted">Version of the first model that is looked for; null for whichever serves.</param>
internal sealed class FoundModels(
    VersionTable table, IModelPlans plans, ModelLoads loads, string? wanted, TimeSpan patience, TimeProvider clock) : IFoundModels
{
    private readonly Lock _gate = new();
    private readonly List<Residence> _used = [];
    private readonly List<ModelVersion> _missed = [];
    private string? _first;

    public bool Missed { get; private set; }

    public LoadedModel? Find(string name)
    {
        lock (_gate)
        {
            _first ??= name;
            var versions = table.InOrder(name, plans.Find(name));
            var asked = name == _first && wanted is not null ? versions.Where(version => version.Version == wanted).ToList() : versions;
            foreach (var version in asked)
            {
                if (table.TryUse(version) is { } residence)
                {
                    _used.Add(residence);
                    return residence.Model;
                }
            }

            Missed |= versions.Count > 0;
            _missed.AddRange(asked);
            return null;
        }
    }

    public async Task<bool> TryLoadAsync(CancellationToken cancellationToken)
    {
        List<ModelVersion> missed;
        lock (_gate)
        {
            missed = [.. _missed];
            _missed.Clear();
            Missed = false;
        }

        var loaded = false;
        foreach (var model in missed.GroupBy(version => version.Name, StringComparer.Ordinal))
        {
            loaded |= await TryLoadAsync(model, cancellationToken);
        }

        return loaded;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _used.ForEach(table.Release);
            _used.Clear();
        }
    }

    /// <summary>Waits for the first version of a model that can be loaded.</summary>
    private async Task<bool> TryLoadAsync(IEnumerable<ModelVersion> versions, CancellationToken cancellationToken)
    {
        foreach (var version in versions)
        {
            if (table.Do(() => Join(version)) is not { } loading)
            {
                continue;
            }

            try
            {
                await loading.WaitAsync(patience, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                return false; // The load goes on, for the requests that come later.
            }
            finally
            {
                table.Change(() => Leave(version));
            }

            return table.Do(() => version.Residence is not null);
        }

        return false;
    }

    private Task? Join(ModelVersion version)
    {
        if (version.Residence is null && (version.Loading is not null || version is { Wanted: true, Error: null }))
        {
            version.Waiters++;
            return loads.Begin(version, mayEvict: true);
        }

        return null;
    }

    /// <summary>A waiter uses what it waited for, so that no other load takes its place before it is found.</summary>
    private void Leave(ModelVersion version)
    {
        if (version.Residence is { } residence)
        {
            residence.Use(clock.GetTimestamp());
            lock (_gate)
            {
                _used.Add(residence);
            }
        }

        version.Waiters--;
    }
}
