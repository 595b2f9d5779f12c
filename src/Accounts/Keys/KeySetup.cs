using Microsoft.Extensions.Options;
using Tollgate.Accounts.Outbox;

namespace Tollgate.Accounts.Keys;

/// <summary>Registers keys.</summary>
internal static class KeySetup
{
    public static void AddKeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<KeyOptions>, KeyOptionsValidator>();
        builder.Services.AddOptions<KeyOptions>().Bind(builder.Configuration.GetSection(KeyOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<KeyPeppers>();
        builder.Services.AddScoped<KeyPublisher>();
        builder.Services.AddOutboxReceiver<KeyPublisher>(OutboxKind.Key);
        builder.Services.AddScoped<KeyRegister>();
        builder.Services.AddScoped<KeyUseBook>();
        builder.Services.AddScoped<ModelChoices>();
        builder.Services.AddScoped<KeyOwners>();
        builder.Services.AddScoped<KeyExplainer>();
        builder.Services.AddScoped<ServiceAccountRegister>();
    }
}
