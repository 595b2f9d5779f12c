using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Learning.Doors;

namespace Tollgate.Learning.Batches;

/// <summary>Calls the gateway's internal door for a line. Thread-safe.</summary>
internal sealed class LineSender(DoorSender door, IOptions<BatchOptions> options)
{
    /// <summary>Calls once. A call that fails is an answer of <see cref="AnswerKind.Unknown"/>.</summary>
    public async Task<DoorAnswer> SendAsync(Batch batch, LineRequest line, CancellationToken cancellationToken)
    {
        using var request = GatewayDoor.Request(batch.Endpoint, batch.KeyPublicId, line.IdempotencyKey(batch.Id), line.Body);
        request.Headers.Add(WorkerHeaders.ServiceClass, ServiceClass.Batch.Name());
        return await door.AskAsync(request, options.Value.LineTimeout, cancellationToken);
    }
}
