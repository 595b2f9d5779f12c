using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Responses;

/// <summary>
/// Lets an organization read some conversations at once; others wait in the order in which they came. Gateways read a conversation before
/// they admit its request, so that no limit of requests stands before it. Thread-safe.
/// </summary>
internal sealed class ConversationTurns(IOptions<ResponseOptions> options) : IDisposable
{
    private readonly PartitionedRateLimiter<Guid> _turns = PartitionedRateLimiter.Create<Guid, Guid>(
        organizationId => RateLimitPartition.GetConcurrencyLimiter(
            organizationId, _ => new ConcurrencyLimiterOptions { PermitLimit = options.Value.MaxReads, QueueLimit = int.MaxValue }));

    /// <summary>Waits for a turn, which ends when the result is disposed.</summary>
    public ValueTask<RateLimitLease> WaitAsync(Guid organizationId, CancellationToken cancellationToken) =>
        _turns.AcquireAsync(organizationId, permitCount: 1, cancellationToken);

    public void Dispose() => _turns.Dispose();
}
