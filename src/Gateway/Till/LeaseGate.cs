using System.Collections.Concurrent;

namespace Tollgate.Gateway.Till;

/// <summary>
/// Whether this gateway may take money at all, and from which epochs. Closed while a restored database does not yet know everything
/// that was spent; an epoch that a newer one has fenced off admits nothing more here. Thread-safe.
/// </summary>
internal sealed class LeaseGate
{
    private readonly ConcurrentDictionary<Guid, long> _oldest = new();
    private volatile bool _closed;

    public bool IsOpen => !_closed;

    public void Close() => _closed = true;

    public void Open() => _closed = false;

    /// <summary>From now on no request of the organization is admitted under an epoch before <paramref name="epoch"/>.</summary>
    public void Fence(Guid organizationId, long epoch) =>
        _oldest.AddOrUpdate(organizationId, epoch, (_, known) => Math.Max(known, epoch));

    public bool Permits(Guid organizationId, long epoch) => !_oldest.TryGetValue(organizationId, out var oldest) || epoch >= oldest;
}
