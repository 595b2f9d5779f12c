using Microsoft.AspNetCore.Http.HttpResults;

namespace Tollgate.Accounts.FineTuning;

/// <summary>Registers the pages of fine-tuning and maps what is no page of the portal.</summary>
internal static class FineTuningSetup
{
    public static void AddFineTuning(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<JobDesk>();
        builder.Services.AddSingleton<ModelTrial>();
    }

    public static void MapFineTuning(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/fine-tuning/{job}/live", Show).RequireAuthorization().ExcludeFromDescription();

    /// <summary>The part of a job's page that refreshes itself.</summary>
    internal static RazorComponentResult<JobLive> Show(string job) => new(new { JobId = job });
}
