using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Learning.Deployments;

/// <summary>Trained models and their names, for gateways; and what is deployed, for gateways and workers.</summary>
internal static class DeploymentEndpoints
{
    private const int UsualListed = 20;
    private const int MostListed = 100;

    /// <summary>Section <c>Deployments</c>; asks <c>Services:gateway</c>, whose client the doors register.</summary>
    public static IServiceCollection AddDeployments(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<DeploymentOptions>, DeploymentOptionsValidator>();
        services.AddOptions<DeploymentOptions>().BindConfiguration(DeploymentOptions.Section).ValidateOnStart();
        services.AddSingleton(provider => new SnapshotPublisher<DeploymentSnapshot>(
            ContractsJson.Default.DeploymentSnapshot, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<DeploymentTable>();
        services.AddSingleton<TunedModelTable>();
        services.AddSingleton<ModelDeletion>();
        services.AddSingleton<ModelFiles>();
        services.AddSingleton<ReadyModels>();
        services.AddSingleton<DeploymentFeed>().AddHostedService(provider => provider.GetRequiredService<DeploymentFeed>());
        services.AddSingleton<DeploymentDesk>();
        return services;
    }

    public static IEndpointRouteBuilder MapDeployments(this IEndpointRouteBuilder routes)
    {
        var deployments = routes.MapInternal("/v1/fine_tuning/deployments", "gateway", "accounts");
        deployments.MapPost("", DeployAsync);
        deployments.MapGet("", ListAsync);
        deployments.MapGet("/{deployment}", RetrieveAsync);
        deployments.MapPost("/{deployment}/rollback", RollBackAsync);
        deployments.MapDelete("/{deployment}", DeleteAsync);
        var models = routes.MapInternal("/v1/fine_tuning/models", "gateway", "accounts");
        models.MapGet("", ListModelsAsync);
        models.MapDelete("/{model}", DeleteModelAsync);
        models.MapGet("/{model}/receipt", ShowReceiptAsync);
        routes.MapInternal("", "gateway", "inference").MapSnapshot(
            DeploymentSnapshot.Path, routes.ServiceProvider.GetRequiredService<SnapshotPublisher<DeploymentSnapshot>>());
        routes.MapInternal("/internal/models", "inference").MapGet(
            "/{model}/file", (HttpContext context, string model, ModelFiles files) => files.SendAsync(context, model));
        return routes;
    }

    internal static Task DeployAsync(HttpContext context, FileCalls calls, DeploymentDesk desk) => calls.RunAsync(context, async caller =>
    {
        if (!DeploymentRequest.TryParse(await FileCalls.ReadJsonAsync(context), out var request, out var invalid))
        {
            return invalid;
        }

        return await WriteAsync(context, await desk.DeployAsync(caller, request, context.RequestAborted));
    });

    internal static Task ListAsync(HttpContext context, FileCalls calls, DeploymentTable table) => calls.RunAsync(context, async caller =>
    {
        _ = new ListQuery(context.Request.Query);
        var found = await table.ListAsync(caller, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(
            new DeploymentListObject("list", [.. found.Select(DeploymentObject.Of)], HasMore: false),
            DeploymentJson.Default.DeploymentListObject);
        return null;
    });

    internal static Task RetrieveAsync(HttpContext context, string deployment, FileCalls calls, DeploymentTable table) =>
        calls.RunAsync(context, async caller => await WriteAsync(
            context,
            await table.FindAsync(caller, deployment, context.RequestAborted) is { } found
                ? found : OpenAiError.DeploymentNotFound(deployment)));

    internal static Task RollBackAsync(HttpContext context, string deployment, FileCalls calls, DeploymentDesk desk) =>
        calls.RunAsync(
            context, async caller => await WriteAsync(context, await desk.RollBackAsync(caller, deployment, context.RequestAborted)));

    internal static Task DeleteAsync(HttpContext context, string deployment, FileCalls calls, DeploymentDesk desk) =>
        calls.RunAsync(context, async caller =>
        {
            if (!await desk.DeleteAsync(caller, deployment, context.RequestAborted))
            {
                return OpenAiError.DeploymentNotFound(deployment);
            }

            await context.Response.WriteAsJsonAsync(
                new DeletedObject(deployment, "fine_tuning.deployment", true), DeploymentJson.Default.DeletedObject);
            return null;
        });

    internal static Task ListModelsAsync(HttpContext context, FileCalls calls, TunedModelTable models, DeploymentTable deployments) =>
        calls.RunAsync(context, async caller =>
        {
            var query = new ListQuery(context.Request.Query, "after", "limit");
            var (page, hasMore) = await models.ListAsync(
                caller, query.Find("after"), query.ReadLimit(MostListed) ?? UsualListed, context.RequestAborted);
            var names = (await deployments.ListAsync(caller, context.RequestAborted)).Where(one => one.Model is not null)
                .ToLookup(one => one.Model!, one => one.Name, StringComparer.Ordinal);
            await context.Response.WriteAsJsonAsync(
                new TunedModelListObject("list", [.. page.Select(model => TunedModelObject.Of(model, [.. names[model.Name]]))], hasMore),
                DeploymentJson.Default.TunedModelListObject);
            return null;
        });

    internal static Task DeleteModelAsync(
        HttpContext context, string model, FileCalls calls, ModelDeletion deletion, DeploymentFeed feed) =>
        calls.RunAsync(context, async caller =>
        {
            if (await deletion.DeleteAsync(caller, model, context.RequestAborted) is { } refusal)
            {
                return refusal;
            }

            await feed.RunOnceAsync(context.RequestAborted); // Workers uninstall it.
            await context.Response.WriteAsJsonAsync(
                new DeletedObject(model, "fine_tuning.model", true), DeploymentJson.Default.DeletedObject);
            return null;
        });

    internal static Task ShowReceiptAsync(HttpContext context, string model, FileCalls calls, ModelDeletion deletion) =>
        calls.RunAsync(context, async caller =>
        {
            if (await deletion.FindReceiptAsync(caller, model, context.RequestAborted) is not { } receipt)
            {
                return OpenAiError.TrainedModelNotFound(model);
            }

            await context.Response.WriteAsJsonAsync(
                ModelReceiptObject.Of(receipt), DeploymentJson.Default.ModelReceiptObject);
            return null;
        });

    private static async Task<OpenAiError?> WriteAsync(HttpContext context, OrRefusal<Deployment> answer)
    {
        if (!answer.TryGet(out var deployment, out var refusal))
        {
            return refusal;
        }

        await context.Response.WriteAsJsonAsync(DeploymentObject.Of(deployment), DeploymentJson.Default.DeploymentObject);
        return null;
    }
}
