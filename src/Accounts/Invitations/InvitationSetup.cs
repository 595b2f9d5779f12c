using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Invitations;

/// <summary>Registers invitations.</summary>
internal static class InvitationSetup
{
    public static void AddInvitations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<InvitationOptions>, InvitationOptionsValidator>();
        builder.Services.AddOptions<InvitationOptions>().Bind(builder.Configuration.GetSection(InvitationOptions.Section))
            .ValidateOnStart();
        builder.Services.AddScoped<InvitationLimits>();
        builder.Services.AddScoped<InvitationLetters>();
        builder.Services.AddScoped<InvitationRegister>();
        builder.Services.AddScoped<Joining>();
        builder.Services.AddScoped<InvitationAcceptance>();
    }
}
