using System.Text.Json;
using Tollgate.Accounts.Money;
using Tollgate.Contracts.Json;

namespace Tollgate.Accounts.Fleet;

/// <summary>Asks a gateway for its view of the data plane. Returns the last answer, marked as old, when the gateway is down.</summary>
internal sealed partial class GatewayClient(IHttpClientFactory clients, TimeProvider clock, ILogger<GatewayClient> logger)
{
    public const string Name = "gateway";

    private Figure<Contracts.Catalogue.Fleet> _last = new(null, IsFresh: false, null);

    public async Task<Figure<Contracts.Catalogue.Fleet>> GetFleetAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = clients.CreateClient(Name);
            var fleet = await client.GetFromJsonAsync("/internal/fleet", ContractsJson.Default.Fleet, cancellationToken);
            return _last = new Figure<Contracts.Catalogue.Fleet>(fleet, IsFresh: true, clock.GetUtcNow());
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogAway(logger, exception.Message);
            return _last with { IsFresh = false };
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The gateway did not answer: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
