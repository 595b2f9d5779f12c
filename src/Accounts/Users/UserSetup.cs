using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Users;

/// <summary>Registers users, their sessions and the database behind them.</summary>
internal static class UserSetup
{
    public static void AddAccountsDb(this WebApplicationBuilder builder)
    {
        builder.Services.AddDbContext<AccountsDb>(
            (services, options) => options.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>()));
        builder.Services.AddDataProtection().SetApplicationName("tollgate-accounts").PersistKeysToDbContext<AccountsDb>();
    }

    public static void AddUsers(this WebApplicationBuilder builder)
    {
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddIdentityCore<User>(ConfigureIdentity)
            .AddEntityFrameworkStores<AccountsDb>()
            .AddSignInManager()
            .AddDefaultTokenProviders()
            .AddClaimsPrincipalFactory<SessionClaims>()
            .AddPasswordValidator<PasswordRules>();
        builder.Services.Configure<DataProtectionTokenProviderOptions>(tokens => tokens.TokenLifespan = TimeSpan.FromHours(1));
        builder.Services.Configure<SecurityStampValidatorOptions>(stamp => stamp.ValidationInterval = TimeSpan.FromMinutes(1));
        builder.Services.AddAuthentication(IdentityConstants.ApplicationScheme).AddIdentityCookies();
        builder.Services.ConfigureApplicationCookie(cookie =>
        {
            cookie.Cookie.Name = "tollgate.session";
            cookie.Cookie.SameSite = SameSiteMode.Lax; // Strict would sign out whoever comes back from the checkout page.
            cookie.ExpireTimeSpan = TimeSpan.FromDays(14);
            cookie.LoginPath = "/sign-in";
            cookie.ReturnUrlParameter = "returnUrl";
            cookie.Events.OnRedirectToAccessDenied = context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound; // Another's page is not found, never forbidden.
                return Task.CompletedTask;
            };
        });
        builder.Services.AddAuthorization();
        builder.Services.AddScoped<Letters>();
        builder.Services.AddScoped<Registration>();
        builder.Services.AddScoped<PasswordSignIn>();
        builder.Services.AddScoped<OperatorBootstrap>();
    }

    public static void MapUsers(this IEndpointRouteBuilder routes) => routes.MapPost("/sign-out", SignOutAsync).AllowAnonymous();

    internal static async Task<IResult> SignOutAsync(HttpContext context, SignInManager<User> sessions)
    {
        // The form binding that would check the token by itself is not used here, so the token is checked by hand.
        var antiforgery = context.RequestServices.GetRequiredService<Microsoft.AspNetCore.Antiforgery.IAntiforgery>();
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return TypedResults.BadRequest();
        }

        await sessions.SignOutAsync();
        return TypedResults.LocalRedirect("/");
    }

    private static void ConfigureIdentity(IdentityOptions identity)
    {
        identity.User.RequireUniqueEmail = true;
        identity.User.AllowedUserNameCharacters = ""; // The user name is an e-mail address; those have their own check.
        identity.Password.RequiredLength = PasswordRules.Length;
        identity.Password.RequiredUniqueChars = 4;
        identity.Password.RequireDigit = false;
        identity.Password.RequireLowercase = false;
        identity.Password.RequireUppercase = false;
        identity.Password.RequireNonAlphanumeric = false;
        identity.Lockout.AllowedForNewUsers = true;
        identity.Lockout.MaxFailedAccessAttempts = 10;
        identity.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(10);
        identity.Stores.SchemaVersion = IdentitySchemaVersions.Version2;
    }
}
