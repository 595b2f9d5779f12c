using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;

namespace Tollgate.Inference.Tests.Residency;

/// <summary>Accounts as far as a worker's plans go.</summary>
internal sealed class CatalogueResponder(WebApplication app) : IAsyncDisposable
{
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile CatalogueSnapshot _snapshot = new(new Dictionary<string, string>(), []);
    private int _version;

    public string Url => app.Urls.Single();

    public static async Task<CatalogueResponder> StartAsync(params ModelPlan[] plans)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var responder = new CatalogueResponder(builder.Build());
        responder.Plan(plans);
        responder.Map();
        await responder.BeginAsync();
        return responder;
    }

    /// <summary>Publishes these plans in place of those before.</summary>
    public void Plan(params ModelPlan[] plans)
    {
        _snapshot = _snapshot with { Plans = plans };
        Interlocked.Increment(ref _version);
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private Task BeginAsync() => app.StartAsync();

    private void Map()
    {
        app.MapPost("/internal/workers", () => Results.NoContent());
        app.MapPost("/internal/workers/test/leave", () => Results.NoContent());
        app.MapGet(CatalogueSnapshot.Path, (Delegate)AnswerAsync); // As a request delegate its result would be dropped.
    }

    private async Task<IResult> AnswerAsync(HttpContext context)
    {
        var changed = _changed;
        if (context.Request.Headers.IfNoneMatch == Tag)
        {
            await Task.WhenAny(changed.Task, Task.Delay(TimeSpan.FromSeconds(20), TimeProvider.System, context.RequestAborted));
            if (context.Request.Headers.IfNoneMatch == Tag)
            {
                return Results.StatusCode(StatusCodes.Status304NotModified);
            }
        }

        context.Response.Headers.ETag = Tag;
        return Results.Json(_snapshot, ContractsJson.Default.CatalogueSnapshot);
    }

    private string Tag => $"\"{Volatile.Read(ref _version)}\"";
}
