using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Inference.Endpoints;

/// <summary>The endpoints of all tasks.</summary>
internal static class TaskEndpoints
{
    public static void MapTasks(this IEndpointRouteBuilder routes)
    {
        var answers = routes.MapInternal("", "gateway");
        foreach (var endpoint in routes.ServiceProvider.GetServices<IModelTask>().SelectMany(task => task.Endpoints))
        {
            answers.MapPost(endpoint.Path, (HttpContext context, TaskRequests requests) => requests.AnswerAsync(context, endpoint));
        }
    }
}
