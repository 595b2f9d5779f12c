using Microsoft.Extensions.Options;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Records;

namespace Tollgate.Accounts.Organizations;

/// <summary>Registers organizations.</summary>
internal static class OrganizationSetup
{
    public static void AddOrganizations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<OrganizationOptions>, OrganizationOptionsValidator>();
        builder.Services.AddOptions<OrganizationOptions>().Bind(builder.Configuration.GetSection(OrganizationOptions.Section))
            .ValidateOnStart();
        builder.Services.AddScoped<OrganizationFounding>();
        builder.Services.AddSingleton<RedisRecords>();
        builder.Services.AddScoped<PolicyPublisher>();
        builder.Services.AddOutboxReceiver<PolicyPublisher>(OutboxKind.Policy);
        builder.Services.AddScoped<PolicyRegister>();
        builder.Services.AddScoped<Workspace>();
    }
}
