using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Responses;

/// <summary>Registers the store of responses. Needs authentication, and the client of Learning that the relays register.</summary>
internal static class ResponsesSlice
{
    /// <summary>Section <c>ResponseStore</c>.</summary>
    public static WebApplicationBuilder AddResponses(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<ResponseStoreOptions>, ResponseStoreOptionsValidator>();
        builder.Services.AddOptions<ResponseStoreOptions>().Bind(builder.Configuration.GetSection(ResponseStoreOptions.Section))
            .ValidateOnStart();
        builder.Services.AddSingleton<ResponseStoreClient>();
        builder.Services.AddSingleton<ResponseStore>();
        builder.Services.AddSingleton<ResponseDesk>();
        builder.Services.AddSingleton<BackgroundWatch>();
        return builder;
    }
}
