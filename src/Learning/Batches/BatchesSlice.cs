using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Batches;

/// <summary>Registers batches and their runner.</summary>
internal static class BatchesSlice
{
    /// <summary>Section <c>Batches</c>; asks <c>Services:gateway</c> and <c>Services:billing</c>.</summary>
    public static WebApplicationBuilder AddBatches(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<BatchOptions>, BatchOptionsValidator>();
        services.AddOptions<BatchOptions>().BindConfiguration(BatchOptions.Section).ValidateOnStart();
        services.AddInternalClient(LineSender.Client, builder.Configuration)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = TimeSpan.FromSeconds(2),
                PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            });
        services.AddInternalClient(BatchCosts.Client, builder.Configuration);
        services.AddSingleton<BatchTable>();
        services.AddSingleton<BatchDesk>();
        services.AddSingleton<BatchProgress>();
        services.AddSingleton<BatchValidation>();
        services.AddSingleton<InputReader>();
        services.AddSingleton<LineSender>();
        services.AddSingleton<LineSlots>();
        services.AddSingleton<AnswerKeeping>();
        services.AddSingleton<BatchFinish>();
        services.AddSingleton<RunParts>();
        services.AddSingleton<BatchRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchRunner>());
        services.AddSingleton<BatchCosts>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchCosts>());
        return builder;
    }
}
