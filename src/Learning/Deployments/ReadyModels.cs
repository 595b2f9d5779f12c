using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Learning.Doors;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Learning.Deployments;

/// <summary>Which trained models workers have ready, as a gateway sees them. Thread-safe.</summary>
internal sealed partial class ReadyModels(IHttpClientFactory clients, TimeProvider clock, ILogger<ReadyModels> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly RepeatedCondition _away = new("No gateway tells which models are ready", clock);

    /// <summary>Names and owners of models that a worker takes requests for; none while no gateway answers.</summary>
    public async Task<IReadOnlySet<(string Model, ModelOwner Owner)>> FindAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var client = clients.CreateClient(GatewayDoor.Client);
        try
        {
            var fleet = await client.GetFromJsonAsync("/internal/fleet", ContractsJson.Default.Fleet, limit.Token);
            _away.Ends(logger);
            return (fleet?.Workers ?? []).Where(worker => worker is { Healthy: true, Status.Draining: false })
                .SelectMany(worker => worker.Status!.Models)
                .Where(model => model is { Ready: true, Card.Owner: not null })
                .Select(model => (model.Card.Name, model.Card.Owner!))
                .ToHashSet();
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            if (_away.Begins(exception.Message))
            {
                LogAway(logger, exception.Message);
            }

            return new HashSet<(string, ModelOwner)>();
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "No gateway tells which models are ready; names keep their models. {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
