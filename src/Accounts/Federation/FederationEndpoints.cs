using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.SecondFactor;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.SingleSignOn;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Federation;

/// <summary>
/// Addresses that browsers pass on the way to a provider and back. Each organization has its own, so that an answer cannot be passed off as
/// that of another provider.
/// </summary>
internal static class FederationEndpoints
{
    public static void AddFederation(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<FederatedAccounts>();
        builder.Services.AddScoped<FederatedSignIn>();
    }

    public static void MapFederation(this IEndpointRouteBuilder routes)
    {
        var provider = routes.MapGroup(SingleSignOnPaths.Root + "/{organizationId:guid}").AllowAnonymous();
        provider.MapGet("/start", StartAsync);
        provider.MapGet("/callback", CompleteAsync).AddEndpointFilter(LimitAsync);
        routes.MapGet(SingleSignOnPaths.Root + "/enter", EnterAsync).AllowAnonymous();
    }

    internal static async Task<RedirectHttpResult> StartAsync(
        Guid organizationId, HttpContext context, FederatedSignIn signIn, SignInTrips trips, PortalAddress address)
    {
        var query = context.Request.Query;
        var (url, trip) = await signIn.BeginAsync(
            organizationId, ProviderAnswer.One(query, "login_hint"), ProviderAnswer.One(query, "returnUrl"),
            address.CallbackUrl(organizationId), context.RequestAborted);
        if (url is null)
        {
            return TypedResults.Redirect(SingleSignOnPaths.ToFault(SignInFault.Provider, organizationId));
        }

        trips.Write(context, trip!);
        return TypedResults.Redirect(url);
    }

    internal static async Task<RedirectHttpResult> CompleteAsync(
        Guid organizationId, HttpContext context, FederatedSignIn signIn, SignInTrips trips, SignInDoor door, PortalAddress address)
    {
        if (trips.Take(context, organizationId, ProviderAnswer.One(context.Request.Query, "state")) is not { } trip)
        {
            return TypedResults.Redirect(SingleSignOnPaths.ToFault(SignInFault.Expired, organizationId));
        }

        var (user, fault) = await signIn.CompleteAsync(
            trip, ProviderAnswer.Of(context.Request.Query), address.CallbackUrl(organizationId), context.RequestAborted);
        if (user is null)
        {
            return TypedResults.Redirect(SingleSignOnPaths.ToFault(fault, organizationId));
        }

        var entry = $"{SingleSignOnPaths.Root}/enter?to={trips.Seal(new SignInEntry(user.Id, organizationId, trip.ReturnUrl))}";
        var isIn = await door.EnterAsync(context, user, remember: false, "single sign-on");
        return TypedResults.Redirect(isIn ? entry : SignInDoor.CodePath(entry));
    }

    /// <summary>Counts answers as credential forms: each makes us ask a provider.</summary>
    private static async ValueTask<object?> LimitAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        var services = context.RequestServices;
        return await services.GetRequiredService<CredentialLimiter>().TakeFormAsync(
            services.GetRequiredService<ClientAddress>().SourceOf(context), context.RequestAborted) is null
            ? await next(invocation)
            : TypedResults.Redirect(SingleSignOnPaths.ToFault(SignInFault.Limited, invocation.GetArgument<Guid>(0)));
    }

    /// <summary>
    /// Selects the organization whose provider signed the person in, once there is a session: after the second factor too.
    /// </summary>
    internal static async Task<RedirectHttpResult> EnterAsync(
        HttpContext context, SignInTrips trips, SessionCookie session, AccountsDb db)
    {
        var entry = trips.Open(ProviderAnswer.One(context.Request.Query, "to"));
        if (entry is null || context.User.FindFirstValue(ClaimTypes.NameIdentifier) != entry.UserId.ToString())
        {
            return TypedResults.Redirect("/");
        }

        using var all = db.ForAll(); // The session may still show another organization.
        if (await db.Memberships.AnyAsync(
            m => m.OrganizationId == entry.OrganizationId && m.UserId == entry.UserId, context.RequestAborted))
        {
            await session.SelectAsync(context, entry.OrganizationId, projectId: null);
        }

        return TypedResults.Redirect(entry.ReturnUrl == "/" ? "/overview" : LocalUrl.OrHome(entry.ReturnUrl));
    }
}
