using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Housekeeping;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Sessions;

/// <summary>Registers sessions and the keys under which cookies and mailed links are sealed.</summary>
internal static class SessionSetup
{
    public static void AddSessions(this WebApplicationBuilder builder)
    {
        builder.Services.AddDataProtection().SetApplicationName("tollgate-accounts").PersistKeysToDbContext<AccountsDb>();
        builder.Services.AddSingleton<KeyRingSeal>();
        builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(services => new ConfigureOptions<KeyManagementOptions>(
            keys => keys.XmlEncryptor = services.GetRequiredService<KeyRingSeal>()));

        builder.Services.AddSingleton<IValidateOptions<SessionOptions>, SessionOptionsValidator>();
        builder.Services.AddOptions<SessionOptions>().Bind(builder.Configuration.GetSection(SessionOptions.Section)).ValidateOnStart();
        builder.Services.AddScoped<SessionStore>();
        builder.Services.AddScoped<SessionCookie>();
        builder.Services.AddScoped<IExpiringRows>(services => services.GetRequiredService<SessionStore>());
        builder.Services.AddAuthentication(SessionCookie.Scheme).AddCookie(SessionCookie.Scheme, cookie =>
        {
            cookie.Cookie.Name = "tollgate.session";
            cookie.Cookie.SameSite = SameSiteMode.Lax; // Strict would sign out a browser that returns from the checkout page.
            cookie.SlidingExpiration = false; // The store decides when the session ends; the cookie only must not end earlier.
            cookie.LoginPath = "/sign-in";
            cookie.ReturnUrlParameter = "returnUrl";
            cookie.Events.OnValidatePrincipal = SessionCookie.ReadAsync;
            cookie.Events.OnRedirectToAccessDenied = context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound; // Hides pages of others: 404 instead of 403.
                return Task.CompletedTask;
            };
        });
        builder.Services.AddAuthorization();
    }

    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-out", SignOutAsync).AllowAnonymous();
        routes.MapPost("/sign-out/everywhere", SignOutEverywhereAsync).AllowAnonymous();
    }

    internal static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery, SessionCookie session)
    {
        // Checks the token explicitly, because only form binding checks it automatically.
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return TypedResults.BadRequest();
        }

        await session.SignOutAsync(context);
        return TypedResults.LocalRedirect("/");
    }

    /// <summary>Ends all sessions of the user and invalidates pending mailed links.</summary>
    internal static async Task<IResult> SignOutEverywhereAsync(
        HttpContext context, IAntiforgery antiforgery, SessionCookie session, SessionStore sessions, UserManager<User> users)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return TypedResults.BadRequest();
        }

        if (await users.FindByIdAsync(context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "") is { } user)
        {
            await users.UpdateSecurityStampAsync(user);
            await sessions.EndAllAsync(user.Id, context.RequestAborted);
        }

        await session.SignOutAsync(context);
        return TypedResults.LocalRedirect("/sign-in?everywhere=true");
    }
}
