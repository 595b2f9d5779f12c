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

            var began = clock.GetTimestamp();
            try
            {
                await loading.WaitAsync(patience, clock, cancellationToken);
                while (table.Do(() => version is { Residence: null, Wanted: true, Error: null }))
                {
                    // The load found no room and gave up just before this request joined it.
                    var left = patience - clock.GetElapsedTime(began);
                    await table.Do(() => loads.Begin(version, mayEvict: true))
                        .WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, cancellationToken);
                }
            }
            catch (TimeoutException)
            {
                return false; // The load goes on, for the requests that come later.
            }
            finally
            {
                Keep(table.Do(() => Leave(version)));
            }

            return table.Do(() => version.Residence is not null);
        }

        return false;
    }

    /// <summary>Waits for a version, if it can be loaded; <see cref="Leave"/> follows. Called with the table's gate held.</summary>
    private Task? Join(ModelVersion version)
    {
        if (version.Residence is null && version.Loading is null && version is not { Wanted: true, Error: null })
        {
            return null;
        }

        version.Waiters++;
        return version.Residence is null ? loads.Begin(version, mayEvict: true) : Task.CompletedTask; // It came meanwhile.
    }

    /// <summary>A waiter uses what it waited for, so that no other load takes its place before it is found. Called with the table's gate
    /// held.</summary>
    private Residence? Leave(ModelVersion version)
    {
        version.Waiters--;
        version.Residence?.Use(clock.GetTimestamp());
        return version.Residence;
    }

    private void Keep(Residence? residence)
    {
        lock (_gate)
        {
            _used.AddRange(residence is null ? [] : [residence]);
        }
    }
}
