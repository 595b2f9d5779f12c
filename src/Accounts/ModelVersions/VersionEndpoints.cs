using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Canaries;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Users;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.ModelVersions;

/// <summary>Endpoints through which the operator's command line reads and changes plans and canaries. Orders answer 204, or 400 with all
/// faults by member.</summary>
internal static class VersionEndpoints
{
    public static void AddModelVersions(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<PlanDesk>();
        builder.Services.AddScoped<VersionDirectory>();
        builder.Services.AddHostedService<StandInWatch>();
    }

    public static void MapModelVersions(this IEndpointRouteBuilder routes)
    {
        var models = routes.MapInternal(VersionedModel.Path, "operator");
        models.MapGet("", ListAsync);
        models.MapPost("/{model}/weights", SetWeightsAsync);
        models.MapPost("/{model}/shadow", SetShadowAsync);
        models.MapPost("/{model}/load", (string model, PlanDesk desk, CancellationToken stop) => AnswerAsync(
            desk.SetUnloadedAsync(model, unloaded: false, actorId: null, stop)));
        models.MapPost("/{model}/unload", (string model, PlanDesk desk, CancellationToken stop) => AnswerAsync(
            desk.SetUnloadedAsync(model, unloaded: true, actorId: null, stop)));
        models.MapDelete("/{model}/plan", (string model, PlanDesk desk, CancellationToken stop) => AnswerAsync(
            desk.ClearAsync(model, actorId: null, stop)));
        models.MapPost("/{model}/canary", StartAsync);
        models.MapPost("/{model}/canary/promote", async (string model, CanaryDesk desk, CancellationToken stop) =>
            Answer(await desk.PromoteAsync(model, actorId: null, stop) is { } fault ? [fault] : []));
        models.MapPost("/{model}/canary/rollback", async (string model, CanaryDesk desk, CancellationToken stop) =>
            Answer(await desk.RollBackAsync(model, actorId: null, stop) is { } fault ? [fault] : []));
        models.MapGet("/{model}/canaries", ListCanariesAsync);
        routes.MapModelRepository();
        routes.MapGet("/admin/models/{model}/live", (string model) => new RazorComponentResult<VersionLive>(new { Model = model }))
            .RequireAuthorization(new AuthorizeAttribute { Roles = Roles.Operator });
    }

    internal static async Task<JsonHttpResult<IReadOnlyList<VersionedModel>>> ListAsync(
        VersionDirectory directory, CancellationToken cancellationToken) =>
        TypedResults.Json((await directory.ReadAsync(cancellationToken)).Models, ContractsJson.Default.IReadOnlyListVersionedModel);

    internal static async Task<JsonHttpResult<IReadOnlyList<CanaryReport>>> ListCanariesAsync(
        string model, CanaryDesk desk, CancellationToken cancellationToken) =>
        TypedResults.Json(await desk.ListAsync(model, cancellationToken), ContractsJson.Default.IReadOnlyListCanaryReport);

    internal static Task<Results<NoContent, ValidationProblem>> SetWeightsAsync(
        string model, SetWeights order, PlanDesk desk, CancellationToken cancellationToken) => AnswerAsync(
        desk.SetWeightsAsync(model, order.Weights ?? new Dictionary<string, int>(), actorId: null, cancellationToken));

    internal static Task<Results<NoContent, ValidationProblem>> SetShadowAsync(
        string model, SetShadow order, PlanDesk desk, CancellationToken cancellationToken) => AnswerAsync(
        desk.SetShadowAsync(model, order.Version ?? "", order.Percent, actorId: null, cancellationToken));

    internal static async Task<Results<NoContent, ValidationProblem>> StartAsync(
        string model, StartCanary order, CanaryDesk desk, FleetView fleet, CancellationToken cancellationToken)
    {
        var installed = new InstalledModels((await fleet.ReadAsync(cancellationToken)).Workers);
        return Answer(await desk.StartAsync(
            model, order with { Version = order.Version ?? "" }, installed, actorId: null, cancellationToken));
    }

    private static async Task<Results<NoContent, ValidationProblem>> AnswerAsync(Task<IReadOnlyList<PlanFault>> order) =>
        Answer(await order);

    private static Results<NoContent, ValidationProblem> Answer(IReadOnlyList<PlanFault> faults) => faults.Count == 0
        ? TypedResults.NoContent()
        : TypedResults.ValidationProblem(faults.GroupBy(fault => fault.Member)
            .ToDictionary(member => member.Key, member => member.Select(fault => fault.Text).ToArray()));
}
