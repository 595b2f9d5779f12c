using Microsoft.Extensions.Options;
using Tollgate.Accounts.Housekeeping;

namespace Tollgate.Accounts.AuditLog;

/// <summary>Registers what reads, verifies and seals the audit log.</summary>
internal static class AuditLogSetup
{
    public static void AddAuditLog(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<AuditLogOptions>, AuditLogOptionsValidator>();
        builder.Services.AddOptions<AuditLogOptions>().Bind(builder.Configuration.GetSection(AuditLogOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<AuditSigner>();
        builder.Services.AddScoped<AuditBook>();
        builder.Services.AddScoped<AuditExport>();
        builder.Services.AddScoped<AuditVerifier>();
        builder.Services.AddScoped<IExpiringRows, AuditRetention>();
        builder.Services.AddHostedService<AuditWatch>();
    }
}
