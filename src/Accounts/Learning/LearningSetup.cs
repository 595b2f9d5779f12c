using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Learning;

/// <summary>Registers the client for Learning and what its pages share. Asks <c>Services:learning</c>.</summary>
internal static class LearningSetup
{
    public static void AddLearning(this WebApplicationBuilder builder)
    {
        builder.Services.AddInternalClient(LearningClient.Name, builder.Configuration)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan) // A file takes what its sender takes.
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.UseCookies = false;
                handler.AllowAutoRedirect = false;
                handler.ConnectTimeout = TimeSpan.FromSeconds(2);
            });
        builder.Services.AddScoped<LearningClient>();
        builder.Services.AddScoped<ProjectFiles>();
        builder.Services.AddScoped<RunKeys>();
        builder.Services.AddScoped<ProjectAudit>();
        builder.Services.AddSingleton<SentForms>();
        builder.Services.AddSingleton<SealedNotice>();
    }
}
