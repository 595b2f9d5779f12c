using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Redis;

namespace Tollgate.Gateway.Admission;

/// <summary>Registers admission. Needs Redis, the journal, the till and authentication.</summary>
internal static class AdmissionSlice
{
    public static WebApplicationBuilder AddAdmission(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ClockGuard>();
        builder.Services.AddSingleton(provider => new AdmissionScript(
            provider.GetRequiredService<TillSafety>(),
            provider.GetRequiredService<Settlements>(),
            EmbeddedScript.Load("Admission.lua"),
            provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<AdmissionLines>();
        builder.Services.AddSingleton<AdmissionDecider>();
        builder.Services.AddSingleton<AdmissionControl>();
        builder.Services.AddSingleton<SettlementFlusher>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SettlementFlusher>());
        return builder;
    }
}
