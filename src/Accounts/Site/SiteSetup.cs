using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Accounts.Account;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Departures;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Data;
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
        app.UseConfirmation();
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

    /// <summary>
    /// Answers what the member's role does not allow with 403, and leads a person without an organization to the page that offers one.
    /// </summary>
    private static bool IsRefused(HttpContext context, Workspace workspace)
    {
        var marks = context.GetEndpoint()!.Metadata;
        if (!workspace.IsLoaded && workspace.IsSignedIn && marks.GetMetadata<WithoutOrganizationAttribute>() is null
            && marks.GetMetadata<IAllowAnonymous>() is null && marks.GetMetadata<IAuthorizeData>() is { Roles: null })
        {
            context.Response.Redirect("/organizations");
            return true;
        }

        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if ((marks.GetMetadata<NeedsAttribute>() is { } needs && !workspace.May(needs.Permission))
            || (!isRead && marks.GetMetadata<NeedsToChangeAttribute>() is { } change && !workspace.May(change.Permission)))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return true;
        }

        return false;
    }

    private static async Task LoadWorkspaceAsync(HttpContext context, RequestDelegate next)
    {
        if (context.User.Identity?.IsAuthenticated == true && context.Features.Get<IEndpointFeature>()?.Endpoint is not null)
        {
            var workspace = context.RequestServices.GetRequiredService<Workspace>();
            var db = context.RequestServices.GetRequiredService<AccountsDb>();
            using (db.ForAll()) // Which organization it is depends on all memberships of the person.
            {
                await workspace.LoadAsync(db, context.User, context.RequestAborted);
            }

            db.Scope = Roles.AreOperators(context.GetEndpoint()) ? OrganizationScope.All
                : workspace.IsLoaded ? OrganizationScope.Of(workspace.OrganizationId) : OrganizationScope.None;
            context.RequestServices.GetRequiredService<DevelopmentMailbox>().Welcome(context, workspace);
            PageZone.Use(workspace.TimeZone);
            if (DepartureSetup.LeadsToLeaving(context, workspace) || IsRefused(context, workspace))
            {
                return;
            }
        }

        await next(context);
    }
}
