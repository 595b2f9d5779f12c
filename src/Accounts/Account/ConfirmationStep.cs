using Microsoft.AspNetCore.Antiforgery;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Sessions;

namespace Tollgate.Accounts.Account;

/// <summary>
/// Puts the page that asks for a proof before a form of a page marked with <see cref="ReauthenticateAttribute"/>. The page's form carries
/// the fields of the first one and goes to the same address, so nothing is stored, and only passwords have to be typed again.
/// </summary>
internal static class ConfirmationStep
{
    private const string Path = "/confirm";
    private const string TokenField = "__RequestVerificationToken"; // The page's form has a token of its own.

    /// <summary>Must come after the check of antiforgery tokens and after the workspace is loaded.</summary>
    public static void UseConfirmation(this WebApplication app)
    {
        var page = new Lazy<Endpoint>(() => app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .First(endpoint => endpoint.RoutePattern.RawText?.Trim('/') == Path.Trim('/')));
        app.Use(async (context, next) =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<ReauthenticateAttribute>() is not { } mark || !Needs(context, mark))
            {
                await next(context);
                return;
            }

            var address = $"{context.Request.PathBase}{context.Request.Path}{context.Request.QueryString}";
            if (IsRead(context.Request))
            {
                context.Response.Redirect(Path + LocalUrl.AsQuery(address));
                return;
            }

            var form = context.Request.HasFormContentType
            ? await context.Request.ReadFormAsync(context.RequestAborted) : FormCollection.Empty;
            var outcome = await context.RequestServices.GetRequiredService<Reauthentication>().CheckAsync(context, ConfirmForm.Read(form));
            if (outcome is not Confirmation.Proved)
            {
                context.Features.Set(new HeldForm(address, FieldsOf(form), outcome));
                context.SetEndpoint(page.Value);
                (context.Request.Method, context.Request.Path, context.Request.QueryString) = (HttpMethods.Get, Path, QueryString.Empty);
            }

            await next(context);
        });
    }

    private static bool Needs(HttpContext context, ReauthenticateAttribute mark) =>
        context.User.Identity?.IsAuthenticated == true
        && (mark.AlsoToRead || !IsRead(context.Request))
        && context.Features.Get<IAntiforgeryValidationFeature>() is not { IsValid: false } // Is refused by the endpoint.
        && !context.RequestServices.GetRequiredService<SessionCookie>().IsFresh(context);

    private static bool IsRead(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    private static List<KeyValuePair<string, string>> FieldsOf(IFormCollection form) =>
    [
        .. form.Where(field => !field.Key.StartsWith(ConfirmForm.Prefix + ".", StringComparison.Ordinal) && field.Key != TokenField
                && !field.Key.EndsWith("Password", StringComparison.Ordinal)) // No password is sent back in a page.
            .SelectMany(field => field.Value, (field, value) => KeyValuePair.Create(field.Key, value ?? "")),
    ];
}

/// <summary>A form that waits for a proof.</summary>
/// <param name="Address">Where it goes.</param>
/// <param name="Fields">Its fields, without the proof's. A name may come more than once.</param>
/// <param name="Outcome">Of the proof so far.</param>
internal sealed record HeldForm(string Address, IReadOnlyList<KeyValuePair<string, string>> Fields, Confirmation Outcome);
