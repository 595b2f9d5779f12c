using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Status;
using Tollgate.Inference.Witness;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Inference.Endpoints;

/// <summary>The worker's endpoints beside answers: its status, its log, and the cancel call.</summary>
internal static class WorkerEndpoints
{
    private const int LargestPage = 1000;

    public static void MapWorker(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/status", "gateway", "operator").MapGet("", Status);
        routes.MapInternal("/internal/witness", "billing", "operator").MapGet("", ReadWitness);
        routes.MapInternal("/internal/requests/{id}/cancel", "gateway").MapPost("", CancelAsync);
    }

    private static JsonHttpResult<WorkerStatus> Status(StatusReport report) =>
        TypedResults.Json(report.Current(), ContractsJson.Default.WorkerStatus);

    private static JsonHttpResult<WitnessPage> ReadWitness(
        HttpRequest request, ServiceTokens tokens, WitnessLog witness, LogReader reader, long after = 0, int limit = LargestPage)
    {
        if (tokens.MayCall(request, "billing"))
        {
            reader.Note(after);
        }

        return TypedResults.Json(
            witness.Read(Math.Max(0, after), Math.Clamp(limit, 1, LargestPage)), ContractsJson.Default.WitnessPage);
    }

    private static async Task<Results<JsonHttpResult<Cancelled>, NotFound>> CancelAsync(
        string id, RunningRequests running, CancellationToken cancellationToken) => RequestIntake.ParseId(id) is { } requestId
            ? TypedResults.Json(await running.CancelAsync(requestId, cancellationToken), ContractsJson.Default.Cancelled)
            : TypedResults.NotFound();
}
