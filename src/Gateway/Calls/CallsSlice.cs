using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Calls;

/// <summary>Registers the headers and the log line of calls to <c>/v1</c>.</summary>
internal static class CallsSlice
{
    /// <summary>Section <c>OpenAi</c>.</summary>
    public static WebApplicationBuilder AddCalls(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<OpenAiOptions>, OpenAiOptionsValidator>();
        builder.Services.AddOptions<OpenAiOptions>().Bind(builder.Configuration.GetSection(OpenAiOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<OpenAiHeaders>();
        builder.Services.AddSingleton<AccessLog>();
        return builder;
    }
}
