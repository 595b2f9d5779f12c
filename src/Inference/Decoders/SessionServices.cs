using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Decoders;

/// <summary>Registers the sessions, on the provider that the probe finds.</summary>
internal static class SessionServices
{
    public static void AddSessions(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ExecutionOptions>, ExecutionOptionsValidator>();
        services.AddOptions<ExecutionOptions>().BindConfiguration(ExecutionOptions.Section).ValidateOnStart();
        services.AddSingleton(provider => ProviderProbe.CreateSessions(provider.GetRequiredService<IOptions<ExecutionOptions>>().Value));
    }
}
