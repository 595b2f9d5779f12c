using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Passkeys;

/// <summary>Options for the portal's script, and the registration of this slice.</summary>
internal static class PasskeyEndpoints
{
    public static void AddPasskeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<IPasskeyHandler<User>, PasskeyHandler<User>>();
        builder.Services.AddScoped<PasskeyBook>();
        builder.Services.Configure<IdentityPasskeyOptions>(passkeys =>
        {
            passkeys.AuthenticatorTimeout = PasskeyBook.ChallengeLifetime;
            passkeys.UserVerificationRequirement = "required";
            passkeys.ResidentKeyRequirement = "required"; // The sign-in page asks for no address first.
        });
    }

    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        var passkeys = routes.MapGroup("/passkeys");
        passkeys.MapGet("/sign-in", OfferSignInAsync).AllowAnonymous();
        passkeys.MapGet("/confirm", OfferConfirmationAsync).RequireAuthorization()
            .WithMetadata(new WithoutOrganizationAttribute(), new WhileLeavingAttribute());
        passkeys.MapGet("/new", OfferCreationAsync).RequireAuthorization()
            .WithMetadata(new WithoutOrganizationAttribute(), new ReauthenticateAttribute { AlsoToRead = true });
    }

    internal static async Task<IResult> OfferSignInAsync(HttpContext context, PasskeyBook passkeys) =>
        Answer(await passkeys.OfferRequestAsync(context, user: null));

    internal static async Task<IResult> OfferConfirmationAsync(HttpContext context, PasskeyBook passkeys, UserManager<User> users) =>
        await users.GetUserAsync(context.User) is { } user
            ? Answer(await passkeys.OfferRequestAsync(context, user))
            : TypedResults.NotFound();

    internal static async Task<IResult> OfferCreationAsync(HttpContext context, PasskeyBook passkeys, UserManager<User> users) =>
        await users.GetUserAsync(context.User) is { } user
            ? Answer(await passkeys.OfferCreationAsync(context, user))
            : TypedResults.NotFound();

    private static ContentHttpResult Answer(PasskeyOffer offer) => TypedResults.Text(
        $$"""{"state":{{JsonSerializer.Serialize(offer.State)}},"options":{{offer.OptionsJson}}}""", MediaTypeNames.Application.Json);
}
