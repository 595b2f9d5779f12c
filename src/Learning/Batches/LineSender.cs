using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Learning.Doors;

namespace Tollgate.Learning.Batches;

/// <summary>Calls the gateway's internal door for a line. Thread-safe.</summary>
internal sealed class LineSender(IHttpClientFactory clients, IOptions<BatchOptions> options)
{
    /// <summary>Calls once. A call that fails is an answer of <see cref="AnswerKind.Unknown"/>.</summary>
    public async Task<DoorAnswer> SendAsync(Batch batch, LineRequest line, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Value.LineTimeout);
        using var client = clients.CreateClient(GatewayDoor.Client);
        using var request = GatewayDoor.Request(batch.Endpoint, batch.KeyPublicId, line.IdempotencyKey(batch.Id), line.Body);
        request.Headers.Add(WorkerHeaders.ServiceClass, ServiceClass.Batch.Name());
        try
        {
            using var response = await client.SendAsync(request, patience.Token);
            return await GatewayDoor.ReadAsync(response, patience.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && GatewayDoor.IsFailure(exception))
        {
            return DoorAnswer.None;
        }
    }
}
