using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.FakeStripe.State;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.FakeStripe.Checkout;

/// <summary>Endpoints for the customer's browser.</summary>
internal static class CheckoutPageEndpoints
{
    private const string Pays = "4242424242424242";
    private const string Declined = "4000000000000002";
    private const string AsksForAuthentication = "4000002500003155";

    /// <summary>
    /// Longest wait for the shop to receive the payment's event. As at Stripe, the browser returns only after that delivery or this time.
    /// </summary>
    private static readonly TimeSpan WaitsForShop = TimeSpan.FromSeconds(10);

    public static IEndpointRouteBuilder MapCheckoutPages(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("/pay/{id}").AddEndpointFilter(OnlyTheMachinesOwnAsync);
        pages.MapGet("", ShowAsync);
        pages.MapPost("", PayAsync);
        pages.MapPost("/authenticate", AuthenticateAsync);
        return routes;
    }

    /// <summary>
    /// Admits only browsers of this machine, with the data folder's token if one is set, because these payments create money for free.
    /// </summary>
    private static async ValueTask<object?> OnlyTheMachinesOwnAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.Features.Get<Listener>()?.Kind != ListenerKind.Public || DevelopmentPages.IsForwarded(http.Request)
            || !Loopback.IsHost(http.Request.Host.Host))
        {
            return TypedResults.NotFound();
        }

        return http.RequestServices.GetRequiredService<IConfiguration>()[DevelopmentPages.TokenSetting] is { Length: > 0 } token
            && !DevelopmentPages.HasToken(http, token)
                ? TypedResults.Text(
                    "This page stands in for Stripe. First open the address that `./tollgate up` shows as Mail, "
                    + "or sign in to the portal as its operator.",
                    statusCode: StatusCodes.Status403Forbidden)
                : await next(context);
    }

    internal static Task<IResult> ShowAsync(string id, StripeState state, CheckoutSessions sessions,
        CancellationToken cancellationToken) =>
        state.ChangeAsync(
            () => sessions.Find(id) is { } session
                ? Html(IsOpen(session) ? CheckoutPage.Card(session, null) : CheckoutPage.Over(session))
                : (IResult)TypedResults.NotFound(),
            cancellationToken);

    internal static async Task<IResult> PayAsync(
        string id, HttpRequest request, StripeState state, CheckoutSessions sessions, Payments payments,
        CancellationToken cancellationToken)
    {
        var form = await request.ReadFormAsync(cancellationToken);
        var number = string.Concat(form["number"].ToString().Where(char.IsAsciiDigit));
        return await AnswerAsync(id, state, sessions, session => number switch
        {
            Pays => payments.Succeed(session),
            Declined => payments.Fail(session, "card_declined", "Your card was declined."),
            AsksForAuthentication => payments.AskForAuthentication(session),
            _ => new Paid(Html(CheckoutPage.Card(session, "Your card number is not one of the test cards."))),
        }, cancellationToken);
    }

    internal static async Task<IResult> AuthenticateAsync(
        string id, HttpRequest request, StripeState state, CheckoutSessions sessions, Payments payments,
        CancellationToken cancellationToken)
    {
        var form = await request.ReadFormAsync(cancellationToken);
        return await AnswerAsync(
            id,
            state,
            sessions,
            session => form["answer"] == "complete"
                ? payments.Succeed(session)
                : payments.Fail(session, "payment_intent_authentication_failure", "The bank could not authenticate you."),
            cancellationToken);
    }

    private static async Task<IResult> AnswerAsync(
        string id, StripeState state, CheckoutSessions sessions, Func<JsonObject, Paid> act, CancellationToken cancellationToken)
    {
        var paid = await state.ChangeAsync(
            () => sessions.Find(id) switch
            {
                null => new Paid(TypedResults.NotFound()),
                var session when !IsOpen(session) => new Paid(Html(CheckoutPage.Over(session))),
                var session => act(session),
            },
            cancellationToken);
        await Task.WhenAny(paid.Heard ?? Task.CompletedTask, Task.Delay(WaitsForShop, TimeProvider.System, cancellationToken));
        return paid.Answer;
    }

    private static bool IsOpen(JsonObject session) => session["status"]!.GetValue<string>() == "open";

    private static ContentHttpResult Html(string page) => TypedResults.Text(page, "text/html; charset=utf-8");
}
