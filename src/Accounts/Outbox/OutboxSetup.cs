using Tollgate.Accounts.Telemetry;

namespace Tollgate.Accounts.Outbox;

/// <summary>Registers the outbox.</summary>
internal static class OutboxSetup
{
    public static void AddOutbox(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AccountsMetrics>();
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.AddScoped<OutboxDelivery>();
        builder.Services.AddScoped<RequestBook>();
        builder.Services.AddSingleton<SealedPayloads>();
        builder.Services.AddHostedService<OutboxWorker>();
        builder.Services.AddHostedService<OutboxGauges>();
    }
}
