using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Organizations;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Site;

/// <summary>Registers the pages and orders the pipeline.</summary>
internal static class SiteSetup
{
    public static void AddSite(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents();
        builder.Services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "tollgate.form";
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
    }

    public static void UseSite(this WebApplication app)
    {
        app.UseDoors();
        app.UseKnownHosts();
        app.UseWhen(IsPage, pages =>
        {
            pages.UseExceptionHandler(new ExceptionHandlerOptions
            {
                ExceptionHandlingPath = "/status/500",
                CreateScopeForErrors = true,
                StatusCodeSelector = exception =>
                    exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError,
            });
            pages.UseStatusCodePagesWithReExecute("/status/{0}", createScopeForStatusCodePages: true);
            pages.Use((context, next) =>
            {
                if (context.Features.Get<IStatusCodeReExecuteFeature>() is not null)
                {
                    context.Request.Method = HttpMethods.Get; // Shows the status page instead of submitting the refused form to it.
                }

                return next(context);
            });
        });
        app.UseWhen(context => !IsPage(context), others => others.UseExceptionHandler());
        app.UsePageSecurity();
        app.UseRouting();
        app.UseReadableInput();
        app.UseCredentialLimits();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.Use(LoadWorkspaceAsync);
    }

    public static void MapSite(this WebApplication app)
    {
        app.MapAssets();
        app.MapRazorComponents<App>();
    }

    /// <summary>Whether a person sees the response, rather than a service, Stripe or a probe.</summary>
    private static bool IsPage(HttpContext context) => context.Features.Get<Listener>()?.Kind != ListenerKind.Internal
        && !context.Request.Path.StartsWithSegments("/stripe") && !context.Request.Path.StartsWithSegments("/internal")
        && !context.Request.Path.StartsWithSegments("/health") && !context.Request.Path.StartsWithSegments("/assets");

    private static async Task LoadWorkspaceAsync(HttpContext context, RequestDelegate next)
    {
        if (context.User.Identity?.IsAuthenticated == true && context.Features.Get<IEndpointFeature>()?.Endpoint is not null)
        {
            var workspace = context.RequestServices.GetRequiredService<Workspace>();
            await workspace.LoadAsync(context.RequestServices.GetRequiredService<AccountsDb>(), context.User, context.RequestAborted);
            context.RequestServices.GetRequiredService<DevelopmentMailbox>().Welcome(context, workspace);
        }

        await next(context);
    }
}
