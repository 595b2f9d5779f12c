using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tollgate.FakeStripe.Events;

namespace Tollgate.FakeStripe.Checkout;

/// <summary>Result of a try to pay.</summary>
/// <param name="Answer">Response for the browser.</param>
/// <param name="Heard">Completes after the first delivery of the event to the shop.</param>
internal sealed record Paid(IResult Answer, Task? Heard = null);

/// <summary>The three outcomes of a try to pay. Callers hold the state's turn.</summary>
internal sealed class Payments(PaymentIntents intents, EventLog events)
{
    public Paid Succeed(JsonObject session)
    {
        var intent = intents.For(session);
        intent["status"] = "succeeded";
        intent["amount_received"] = intent["amount"]!.GetValue<long>();
        intent["last_payment_error"] = null;
        session["status"] = "complete";
        session["payment_status"] = "paid";
        session["url"] = null;
        session["customer_details"] = new JsonObject { ["email"] = session["customer_email"]?.DeepClone() };
        events.Add("payment_intent.succeeded", intent);
        var heard = events.Add("checkout.session.completed", CheckoutSessions.Shown(session));
        var back = session["success_url"]!.GetValue<string>()
            .Replace("{CHECKOUT_SESSION_ID}", session["id"]!.GetValue<string>(), StringComparison.Ordinal);
        return new Paid(new SeeOther(back), heard);
    }

    public Paid Fail(JsonObject session, string code, string message)
    {
        var intent = intents.For(session);
        intent["status"] = "requires_payment_method";
        intent["last_payment_error"] = new JsonObject { ["type"] = "card_error", ["code"] = code, ["message"] = message };
        events.Add("payment_intent.payment_failed", intent);
        return new Paid(TypedResults.Text(CheckoutPage.Card(session, message), "text/html; charset=utf-8"));
    }

    public Paid AskForAuthentication(JsonObject session)
    {
        intents.For(session)["status"] = "requires_action";
        return new Paid(TypedResults.Text(CheckoutPage.Authentication(session), "text/html; charset=utf-8"));
    }

    /// <summary>303: the browser continues with GET.</summary>
    private sealed class SeeOther(string location) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = location;
            return Task.CompletedTask;
        }
    }
}
