using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Batches;

/// <summary>
/// Places for lines that run at once, over all batches of this process. A free place goes to the organization that holds the fewest, and of
/// several to the one that waits longest. Thread-safe.
/// </summary>
internal sealed class LineSlots(IOptions<BatchOptions> options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, int> _held = [];
    private readonly List<Waiter> _waiters = [];
    private int _taken;

    /// <summary>Waits for a place. Dispose of the result gives it back.</summary>
    public async Task<IDisposable> TakeAsync(Guid organization, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            waiter = new Waiter(organization);
            _waiters.Add(waiter);
            GiveOut();
        }

        await using var registration = cancellationToken.Register(() => Leave(waiter, cancellationToken));
        await waiter.Turn.Task;
        return new Place(this, organization);
    }

    /// <summary>Places that an organization holds.</summary>
    public int HeldBy(Guid organization)
    {
        lock (_gate)
        {
            return _held.GetValueOrDefault(organization);
        }
    }

    private void Leave(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_waiters.Remove(waiter))
            {
                waiter.Turn.SetCanceled(cancellationToken);
            }
        }
    }

    private void GiveBack(Guid organization)
    {
        lock (_gate)
        {
            _taken--;
            if (--_held[organization] == 0)
            {
                _held.Remove(organization);
            }

            GiveOut();
        }
    }

    private void GiveOut()
    {
        while (_taken < options.Value.Concurrency
            && _waiters.Where(waiter => _held.GetValueOrDefault(waiter.Organization) < options.Value.OrganizationConcurrency)
                .MinBy(waiter => _held.GetValueOrDefault(waiter.Organization)) is { } next)
        {
            _waiters.Remove(next);
            _taken++;
            _held[next.Organization] = _held.GetValueOrDefault(next.Organization) + 1;
            next.Turn.SetResult();
        }
    }

    private sealed class Waiter(Guid organization)
    {
        public Guid Organization => organization;

        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Place(LineSlots slots, Guid organization) : IDisposable
    {
        private int _isGivenBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGivenBack, 1) == 0)
            {
                slots.GiveBack(organization);
            }
        }
    }
}
