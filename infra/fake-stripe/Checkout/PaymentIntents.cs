using System.Text.Json.Nodes;
using Tollgate.FakeStripe.Api;
using Tollgate.FakeStripe.State;

namespace Tollgate.FakeStripe.Checkout;

/// <summary><c>/v1/payment_intents</c>: created when a customer first tries to pay a session.</summary>
internal sealed class PaymentIntents(StripeState state, TimeProvider clock)
{
    public StripeAnswer Retrieve(string id) =>
        state.Find(id, "payment_intent") is { } intent ? StripeAnswer.Ok(intent) : StripeAnswer.Missing("payment_intent", id);

    /// <summary>Returns the session's intent, which the first try creates.</summary>
    public JsonObject For(JsonObject session)
    {
        if (session["payment_intent"]?.GetValue<string>() is { } known)
        {
            return state.Objects[known]!.AsObject();
        }

        var id = StripeState.NewId("pi_");
        var intent = new JsonObject
        {
            ["id"] = id,
            ["object"] = "payment_intent",
            ["amount"] = session["amount_total"]!.GetValue<long>(),
            ["amount_received"] = 0,
            ["capture_method"] = "automatic_async",
            ["created"] = clock.GetUtcNow().ToUnixTimeSeconds(),
            ["currency"] = session["currency"]!.GetValue<string>(),
            ["last_payment_error"] = null,
            ["livemode"] = false,
            ["metadata"] = session["payment_intent_metadata"]?.DeepClone() ?? new JsonObject(),
            ["payment_method_types"] = new JsonArray("card"),
            ["receipt_email"] = session["customer_email"]?.DeepClone(),
            ["status"] = "requires_payment_method",
        };
        state.Objects[id] = intent;
        session["payment_intent"] = id;
        return intent;
    }
}
