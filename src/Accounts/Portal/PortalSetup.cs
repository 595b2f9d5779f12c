using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Organizations;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Portal;

/// <summary>Registers the pages and puts the pipeline in order.</summary>
internal static class PortalSetup
{
    public static void AddPortal(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<PortalOptions>, PortalOptionsValidator>();
        builder.Services.AddOptions<PortalOptions>().Bind(builder.Configuration.GetSection(PortalOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<PortalAddress>();
        builder.Services.AddRazorComponents();
        builder.Services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "tollgate.form";
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
    }

    public static void UsePortal(this WebApplication app)
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
                    context.Request.Method = HttpMethods.Get; // The page of a refused form is shown, not sent the form.
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

    public static void MapPortal(this WebApplication app)
    {
        app.MapAssets();
        app.MapRazorComponents<App>();
    }

    /// <summary>An answer to a person, not to a service, Stripe or a probe.</summary>
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
