using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Till;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Shipping;

/// <summary>
/// What Billing asks of tills in its answers to usage: close them for a fence, lower the budgets of an epoch. Remembers what was done
/// until Billing stops asking. Redis' absence delays it and never the usage. Used by one loop.
/// </summary>
internal sealed partial class TillOrders(LeaseKeeper leases, ILogger<TillOrders> logger)
{
    private readonly HashSet<EpochFence> _closed = [];
    private readonly HashSet<EpochReclaim> _lowered = [];

    /// <summary>Fences that Billing waits for.</summary>
    public IReadOnlyList<EpochFence> PendingFences { get; set; } = [];

    /// <summary>Fences whose tills are closed.</summary>
    public IReadOnlyCollection<EpochFence> Closed => _closed;

    /// <summary>Budgets that were lowered and that Billing still asks for.</summary>
    public IReadOnlyCollection<EpochReclaim> Lowered => _lowered;

    /// <summary>Stops taking money: a restored database must know of all spending first.</summary>
    public void StopLeasing() => leases.Gate.Close();

    public void ResumeLeasing() => leases.Gate.Open();

    /// <summary>Closes the tills of pending fences that are still open.</summary>
    public async Task CloseFencedTillsAsync(CancellationToken cancellationToken)
    {
        _closed.IntersectWith(PendingFences);
        foreach (var fence in PendingFences.Where(fence => !_closed.Contains(fence)))
        {
            try
            {
                await leases.FenceAsync(fence.OrganizationId, fence.Epoch, cancellationToken);
                _closed.Add(fence);
            }
            catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
            {
                Log.FenceWaits(logger, exception.Message);
                return; // Usage does not wait for it.
            }
        }
    }

    /// <summary>Lowers the budgets that were not lowered yet.</summary>
    public async Task LowerBudgetsAsync(IReadOnlyList<ExactBudgets> asked, CancellationToken cancellationToken)
    {
        _lowered.IntersectWith(asked.Select(exact => exact.Reclaim));
        foreach (var exact in asked.Where(exact => !_lowered.Contains(exact.Reclaim)))
        {
            try
            {
                if (await leases.LowerBudgetsAsync(exact, cancellationToken))
                {
                    _lowered.Add(exact.Reclaim);
                }
            }
            catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
            {
                Log.BudgetsWait(logger, exception.Message);
                return; // Billing asks again.
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "A till cannot be closed for its fence yet: {Reason}")]
        public static partial void FenceWaits(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Information, "Budgets cannot be lowered yet by what older epochs gave back: {Reason}")]
        public static partial void BudgetsWait(ILogger logger, string reason);
    }
}
