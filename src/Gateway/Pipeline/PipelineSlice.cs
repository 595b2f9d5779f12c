using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Gateway.Pipeline;

/// <summary>Registers the way of a request through the gateway.</summary>
internal static class PipelineSlice
{
    public static WebApplicationBuilder AddPipeline(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RequestEntry>();
        builder.Services.AddSingleton<RequestPreparation>();
        builder.Services.AddSingleton<Replay>();
        builder.Services.AddSingleton<InferencePipeline>();
        return builder;
    }
}
