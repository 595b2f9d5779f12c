using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Journal;

/// <summary>Registers the journal.</summary>
internal static class JournalSlice
{
    /// <summary>Section <c>Journal</c>. Its keeper starts first and stops last: register it before what admits requests.</summary>
    public static WebApplicationBuilder AddJournal(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<JournalOptions>, JournalOptionsValidator>();
        builder.Services.AddOptions<JournalOptions>().Bind(builder.Configuration.GetSection(JournalOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<JournalFile>();
        builder.Services.AddSingleton<RequestJournal>();
        builder.Services.AddSingleton<ShippedState>();
        builder.Services.AddSingleton<JournalRecovery>();
        builder.Services.AddHostedService<JournalKeeper>();
        return builder;
    }
}
