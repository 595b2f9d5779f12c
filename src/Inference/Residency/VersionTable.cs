using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Residency;

/// <summary>The installed versions of all models, and which of them are in memory. Thread-safe.</summary>
internal sealed class VersionTable(TimeProvider clock)
{
    /// <summary>Most versions of a model that the worker states.</summary>
    public const int MostStated = 16;

    private readonly Lock _gate = new();

    /// <summary>Newest first.</summary>
    private readonly Dictionary<string, List<ModelVersion>> _models = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_gate)
            {
                return [.. _models.Keys];
            }
        }
    }

    public IReadOnlyList<LoadedModel> Loaded
    {
        get
        {
            lock (_gate)
            {
                return [.. All.Select(version => version.Residence?.Model).OfType<LoadedModel>()];
            }
        }
    }

    public long BytesInMemory
    {
        get
        {
            lock (_gate)
            {
                return All.Sum(version => version.Residence?.Bytes ?? 0);
            }
        }
    }

    private IEnumerable<ModelVersion> All => _models.Values.SelectMany(versions => versions);

    /// <summary>Runs a look at, or a change of, several versions at once. Short, and without waiting.</summary>
    public T Do<T>(Func<T> step)
    {
        lock (_gate)
        {
            return step();
        }
    }

    /// <inheritdoc cref="Do"/>
    public void Change(Action step)
    {
        lock (_gate)
        {
            step();
        }
    }

    /// <summary>Takes over which versions of a model are installed.</summary>
    /// <param name="newestFirst">None where the model has gone.</param>
    /// <param name="left">Receives those that were in memory and are installed no more.</param>
    public IReadOnlyList<ModelVersion> Show(string name, IReadOnlyList<string> newestFirst, out IReadOnlyList<Residence> left)
    {
        lock (_gate)
        {
            var known = _models.GetValueOrDefault(name) ?? [];
            left = [.. known.Where(version => !newestFirst.Contains(version.Version)).Select(Detach).OfType<Residence>()];
            var shown = newestFirst
                .Select(version => known.Find(one => one.Version == version) ?? new ModelVersion(name, version)).ToList();
            if (shown.Count > 0)
            {
                _models[name] = shown;
            }
            else
            {
                _models.Remove(name);
            }

            return shown;
        }
    }

    /// <summary>Forgets all models; returns those that were in memory.</summary>
    public IReadOnlyList<Residence> Clear()
    {
        lock (_gate)
        {
            List<Residence> left = [.. All.Select(Detach).OfType<Residence>()];
            _models.Clear();
            return left;
        }
    }

    /// <summary>The versions of a model in the order in which they serve a request that names none: by their weights, then the
    /// newest.</summary>
    public IReadOnlyList<ModelVersion> InOrder(string name, ModelPlan? plan)
    {
        lock (_gate)
        {
            return [.. (_models.GetValueOrDefault(name) ?? []).OrderByDescending(version => version.Residence is not null)
                .ThenByDescending(version => plan?.Versions.FirstOrDefault(planned => planned.Version == version.Version)?.Weight ?? 0)];
        }
    }

    public ModelVersion? Find(string name, string version)
    {
        lock (_gate)
        {
            return _models.GetValueOrDefault(name)?.Find(one => one.Version == version);
        }
    }

    /// <summary>A version in memory for one more request, which releases it; null when it is not in memory.</summary>
    public Residence? TryUse(ModelVersion version)
    {
        lock (_gate)
        {
            version.Residence?.Use(clock.GetTimestamp());
            return version.Residence;
        }
    }

    public void Release(Residence residence)
    {
        lock (_gate)
        {
            residence.Release(clock.GetTimestamp());
        }
    }

    /// <summary>Takes a version out of memory for whoever looks for it; called with the gate held.</summary>
    public static Residence? Detach(ModelVersion version)
    {
        var residence = version.Residence;
        (version.Residence, version.Leaving) = (null, residence);
        return residence;
    }

    /// <summary>The memory of a residence that left is free.</summary>
    public void Forget(Residence residence)
    {
        lock (_gate)
        {
            foreach (var version in All.Where(version => version.Leaving == residence))
            {
                version.Leaving = null;
            }
        }
    }

    /// <summary>Detaches the version that was used least recently of those that no request uses; null when none can go, or when what is
    /// left would still be too much.</summary>
    /// <param name="most">Bytes that may stay in memory.</param>
    /// <param name="except">A version that stays; null for none.</param>
    public Residence? TryEvict(long most, ModelVersion? except)
    {
        lock (_gate)
        {
            var free = All.Where(version => version != except && version is { Residence.Uses: 0, Waiters: 0 }).ToList();
            if (free.Count == 0 || BytesInMemory - free.Sum(version => version.Residence!.Bytes) > most)
            {
                return null;
            }

            var least = free.MinBy(version => version.Residence!.LastUsed)!;
            least.Evicted = true;
            return Detach(least);
        }
    }

    /// <summary>Detaches the version that was loaded least recently of those that requests use. They keep it until they end; requests that
    /// come later wait for its next load.</summary>
    /// <param name="served">How long it must have been in memory.</param>
    /// <returns>Null when there is none.</returns>
    public Residence? TryDisplace(TimeSpan served)
    {
        lock (_gate)
        {
            var inUse = All.Where(version => version is { Residence.Uses: > 0, Waiters: 0 }
                && clock.GetElapsedTime(version.Residence.LoadedAt) >= served);
            if (inUse.MinBy(version => version.Residence!.LoadedAt) is not { } first)
            {
                return null;
            }

            first.Evicted = true;
            return Detach(first);
        }
    }

    /// <summary>All versions that can be described, at most <see cref="MostStated"/> of a model: those in memory, then the
    /// newest.</summary>
    public IReadOnlyList<ServedModel> Status()
    {
        lock (_gate)
        {
            return
            [
                .. _models.OrderBy(model => model.Key, StringComparer.Ordinal).SelectMany(model => model.Value
                    .Where(version => version.Card is not null)
                    .OrderByDescending(version => version.Residence is not null).ThenByDescending(version => version.Wanted)
                    .Take(MostStated).Select(Describe)),
            ];
        }
    }

    private static ServedModel Describe(ModelVersion version)
    {
        if (version.Residence is not { Model: var model } residence)
        {
            return new ServedModel(version.Card!, Ready: false, Active: 0, Queued: 0, Slots: 0)
            {
                State = version.State,
                Error = version.Error,
                Leaving = version.Leaving?.Uses ?? 0,
            };
        }

        var load = model.Load;
        return new ServedModel(model.Card, Ready: true, load.Active, load.Queued, model.Slots, model.TokensPerSecond)
        {
            MemoryBytes = residence.Bytes,
        };
    }
}
