namespace Tollgate.Accounts.Members;

/// <summary>Registers the members of organizations.</summary>
internal static class MemberSetup
{
    public static void AddMembers(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<RoleEffects>();
        builder.Services.AddScoped<MemberRegister>();
    }
}
