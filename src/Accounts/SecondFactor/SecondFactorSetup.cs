namespace Tollgate.Accounts.SecondFactor;

/// <summary>Registers the second factor.</summary>
internal static class SecondFactorSetup
{
    public static void AddSecondFactor(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<SecondFactorBook>();
        builder.Services.AddScoped<SignInDoor>();
    }
}
