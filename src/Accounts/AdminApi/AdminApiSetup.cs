using Microsoft.Extensions.Options;
using Tollgate.Accounts.Housekeeping;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Registers the admin API.</summary>
internal static class AdminApiSetup
{
    public static void AddAdminApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<AdminApiOptions>, AdminApiOptionsValidator>();
        builder.Services.AddOptions<AdminApiOptions>().Bind(builder.Configuration.GetSection(AdminApiOptions.Section)).ValidateOnStart();
        builder.Services.AddScoped<AdminKeyRegister>();
        builder.Services.AddScoped<AdminRequestBook>();
        builder.Services.AddScoped<IExpiringRows>(services => services.GetRequiredService<AdminRequestBook>());
        builder.Services.AddScoped<AdminDoor>();
        builder.Services.AddScoped<AdminProjects>();
        builder.Services.AddScoped<AdminProjectDesk>();
        builder.Services.AddScoped<AdminProjectMemberDesk>();
        builder.Services.AddScoped<AdminServiceAccountDesk>();
        builder.Services.AddScoped<AdminProjectKeyDesk>();
        builder.Services.AddScoped<AdminLimitDesk>();
        builder.Services.AddScoped<AdminMoneyDesk>();
        builder.Services.AddScoped<AdminUserDesk>();
        builder.Services.AddScoped<AdminInviteDesk>();
        builder.Services.AddScoped<AdminRoleDesk>();
        builder.Services.AddScoped<AdminKeyDesk>();
        builder.Services.AddScoped<AdminAuditDesk>();
        builder.Services.AddScoped<AdminUsageDesk>();
        builder.Services.AddSingleton<SpendAlertWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<SpendAlertWatch>());
    }

    public static void MapAdminApi(this IEndpointRouteBuilder routes)
    {
        var map = new AdminRoutesMap();
        AdminProjectDesk.Map(map);
        AdminProjectMemberDesk.Map(map);
        AdminServiceAccountDesk.Map(map);
        AdminProjectKeyDesk.Map(map);
        AdminLimitDesk.Map(map);
        AdminMoneyDesk.Map(map);
        AdminUserDesk.Map(map);
        AdminInviteDesk.Map(map);
        AdminRoleDesk.Map(map);
        AdminKeyDesk.Map(map);
        AdminAuditDesk.Map(map);
        AdminUsageDesk.Map(map);
        map.MapTo(routes);
    }
}
