using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Inference.Registration;

/// <summary>Registers the worker's registration.</summary>
internal static class RegistrationExtensions
{
    /// <summary>Only with <c>Services:accounts</c>: without it the worker is one of the gateways' static list.</summary>
    public static void AddRegistration(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["Services:accounts"] is { Length: > 0 })
        {
            builder.Services.AddInternalClient("accounts", builder.Configuration, AccountsDirectory.Client)
                .ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(2));
            builder.Services.AddSingleton<OwnAddress>().AddSingleton<AccountsDirectory>();
            builder.Services.AddHostedService<WorkerRegistration>();
        }
    }
}
