using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Gateway.Accounting;

/// <summary>Registers the accounts of requests. Needs the journal.</summary>
internal static class AccountingSlice
{
    /// <summary>Its keeper starts first and stops last: register it before what admits requests.</summary>
    public static WebApplicationBuilder AddAccounting(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Settlements>();
        builder.Services.AddSingleton<RequestJournal>();
        builder.Services.AddSingleton<JournalRecovery>();
        builder.Services.AddHostedService<JournalKeeper>();
        return builder;
    }
}
