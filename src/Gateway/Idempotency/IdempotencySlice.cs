using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Idempotency;

/// <summary>Registers idempotency keys. Needs authentication, and the client of Billing that the till registers.</summary>
internal static class IdempotencySlice
{
    public static WebApplicationBuilder AddIdempotency(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<IdempotencyOptions>, IdempotencyOptionsValidator>();
        builder.Services.AddOptions<IdempotencyOptions>().Bind(builder.Configuration.GetSection(IdempotencyOptions.Section))
            .ValidateOnStart();
        builder.Services.AddSingleton<AnswerStoreClient>();
        builder.Services.AddSingleton<IdempotencyDesk>();
        builder.Services.AddSingleton<AnswerRecovery>().AddHostedService(provider => provider.GetRequiredService<AnswerRecovery>());
        return builder;
    }
}
