using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Journal;

/// <summary>Registers the journal's file.</summary>
internal static class JournalSlice
{
    /// <summary>Section <c>Journal</c>.</summary>
    public static WebApplicationBuilder AddJournal(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<JournalOptions>, JournalOptionsValidator>();
        builder.Services.AddOptions<JournalOptions>().Bind(builder.Configuration.GetSection(JournalOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<JournalFile>();
        return builder;
    }
}
