using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Witness;

/// <summary>Registers the slice.</summary>
internal static class WitnessServices
{
    /// <summary>
    /// Configures from section <c>Witness</c>. If <c>Services:accounts</c> is set, asks Accounts for the registered workers.
    /// </summary>
    public static WebApplicationBuilder AddWitness(this WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection(WitnessOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<WitnessOptions>, WitnessOptionsValidator>();
        builder.Services.AddOptions<WitnessOptions>()
            .Configure(options =>
            {
                options.Every = section.GetValue(nameof(WitnessOptions.Every), options.Every);
                options.Patience = section.GetValue(nameof(WitnessOptions.Patience), options.Patience);
                options.RetiredWait = section.GetValue(nameof(WitnessOptions.RetiredWait), options.RetiredWait);
                options.Workers = builder.Configuration.ReadAddresses($"{WitnessOptions.Section}:{nameof(WitnessOptions.Workers)}");
            })
            .ValidateOnStart();
        builder.Services.AddCallee("inference").AddHttpClient(WorkerLogs.Client, (provider, client) =>
        {
            client.Timeout = TimeSpan.FromSeconds(10);
            client.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Bearer", provider.GetRequiredService<ServiceTokens>().For("inference"));
        });
        if (builder.Configuration["Services:accounts"] is { Length: > 0 })
        {
            builder.Services.AddInternalClient(WorkerLogDirectory.Client, builder.Configuration);
            builder.Services.AddSingleton<WorkerLogDirectory>()
                .AddHostedService(provider => provider.GetRequiredService<WorkerLogDirectory>());
            builder.Services.AddHostedService<StoppingWorkers>();
        }

        builder.Services.AddSingleton(provider =>
            new Witnesses(provider.GetRequiredService<IOptions<WitnessOptions>>(), provider.GetService<WorkerLogDirectory>()));
        builder.Services.AddSingleton<WorkerLogs>();
        builder.Services.AddSingleton<OrphanBooking>();
        builder.Services.AddSingleton<RetiredJournals>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RetiredJournals>());
        builder.Services.AddSingleton<WitnessReconciliation>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<WitnessReconciliation>());
        return builder;
    }
}
