using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Accounts.Fleet;

/// <summary>Endpoints through which workers register, gateways and Billing follow them, and the operator drains or forgets them.</summary>
internal static class WorkerEndpoints
{
    private const string Path = "/internal/workers";
    private const int LongestId = 100;
    private const int LongestUrl = 300;

    public static void MapFleet(this IEndpointRouteBuilder routes)
    {
        var worker = routes.MapInternal(Path, "inference");
        worker.MapPost("", HearAsync);
        worker.MapPost("/{id}/leave", LeaveAsync);
        routes.MapInternal(Path, "gateway", "billing")
            .MapSnapshot("", routes.ServiceProvider.GetRequiredService<SnapshotPublisher<WorkerDirectory>>());
        var operators = routes.MapInternal(Path, "operator");
        operators.MapGet("/list", ListAsync);
        operators.MapPost("/{id}/drain", (string id, WorkerRegister register, CancellationToken stop) => OrderAsync(
            register.SetDrainedAsync(id, drained: true, stop)));
        operators.MapPost("/{id}/undrain", (string id, WorkerRegister register, CancellationToken stop) => OrderAsync(
            register.SetDrainedAsync(id, drained: false, stop)));
        operators.MapPost("/{id}/forget", (string id, WorkerRegister register, CancellationToken stop) => OrderAsync(
            register.ForgetAsync(id, stop)));
    }

    /// <summary>Takes a heartbeat. Answers 409 while a later started process with the same name is alive.</summary>
    internal static async Task<Results<NoContent, Conflict, ValidationProblem>> HearAsync(
        WorkerHeartbeat heartbeat, WorkerRegister register, CancellationToken cancellationToken)
    {
        if (heartbeat.Status?.WorkerId is not { Length: > 0 and <= LongestId } || heartbeat.Status.Models is null)
        {
            return Invalid("status", $"Must hold a name of 1 to {LongestId} characters and the models.");
        }

        if (heartbeat.Url is not { Length: <= LongestUrl } || !Uri.TryCreate(heartbeat.Url, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            return Invalid("url", "Must be the base address of the worker, such as http://10.0.0.7:8093.");
        }

        return await register.HearAsync(heartbeat, cancellationToken) ? TypedResults.NoContent() : TypedResults.Conflict();
    }

    internal static async Task<Results<NoContent, NotFound, ValidationProblem>> LeaveAsync(
        string id, WorkerLeaving leaving, WorkerRegister register, CancellationToken cancellationToken)
    {
        if (leaving.Log is null)
        {
            return Invalid("log", "Must say where the log ends.");
        }

        return await register.LeaveAsync(id, leaving, cancellationToken) ? TypedResults.NoContent() : TypedResults.NotFound();
    }

    internal static async Task<JsonHttpResult<IReadOnlyList<WorkerLine>>> ListAsync(FleetView view, CancellationToken cancellationToken) =>
        TypedResults.Json((await view.ReadAsync(cancellationToken)).Workers, ContractsJson.Default.IReadOnlyListWorkerLine);

    private static async Task<Results<NoContent, NotFound>> OrderAsync(Task<bool> order) =>
        await order ? TypedResults.NoContent() : TypedResults.NotFound();

    private static ValidationProblem Invalid(string member, string message) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [member] = [message] });
}
