using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Tollgate.FakeStripe.Api;
using Tollgate.FakeStripe.Events;
using Tollgate.FakeStripe.State;

namespace Tollgate.FakeStripe.Checkout;

/// <summary><c>/v1/checkout/sessions</c> with <c>mode=payment</c> and inline prices.</summary>
internal sealed class CheckoutSessions(
    StripeState state, EventLog events, IServer server, IOptions<FakeStripeOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private static readonly string[] Known =
    [
        "mode", "success_url", "cancel_url", "customer", "customer_email", "client_reference_id", "metadata[#]",
            "payment_intent_data[metadata][#]",
        "payment_intent_data[description]", "payment_method_types[*]", "line_items[*][quantity]", "line_items[*][price_data][currency]",
        "line_items[*][price_data][unit_amount]", "line_items[*][price_data][product_data][name]",
        "line_items[*][price_data][product_data][description]", "locale", "submit_type",
    ];

    public StripeAnswer Create(StripeParameters parameters)
    {
        if ((parameters.RefuseUnknown(Known) ?? Check(parameters)) is { } refused)
        {
            return refused;
        }

        var now = clock.GetUtcNow();
        var id = StripeState.NewId("cs_test_");
        var total = Enumerable.Range(0, parameters.Count("line_items")).Sum(line => Price(parameters, line) * Quantity(parameters, line));
        var session = new JsonObject
        {
            ["id"] = id,
            ["object"] = "checkout.session",
            ["amount_subtotal"] = total,
            ["amount_total"] = total,
            ["cancel_url"] = parameters.Text("cancel_url"),
            ["client_reference_id"] = parameters.Text("client_reference_id"),
            ["created"] = now.ToUnixTimeSeconds(),
            ["currency"] = parameters.Text("line_items[0][price_data][currency]"),
            ["customer"] = parameters.Text("customer"),
            ["customer_email"] = parameters.Text("customer_email"),
            ["description"] = parameters.Text("line_items[0][price_data][product_data][name]"),
            ["expires_at"] = (now + Lifetime).ToUnixTimeSeconds(),
            ["livemode"] = false,
            ["metadata"] = parameters.Map("metadata"),
            ["mode"] = "payment",
            ["payment_intent"] = null,
            ["payment_intent_metadata"] = parameters.Map("payment_intent_data[metadata]"),
            ["payment_method_types"] = new JsonArray("card"),
            ["payment_status"] = "unpaid",
            ["status"] = "open",
            ["success_url"] = parameters.Text("success_url"),
            ["url"] = $"{PublicAddress()}/pay/{id}",
        };
        state.Objects[id] = session;
        return StripeAnswer.Ok(Shown(session));
    }

    public StripeAnswer Retrieve(string id, StripeParameters parameters)
    {
        if (Find(id) is not { } session)
        {
            return StripeAnswer.Missing("checkout.session", id);
        }

        var shown = Shown(session);
        foreach (var member in parameters.List("expand").Where(member => member is "payment_intent" or "customer"))
        {
            if (shown[member]?.GetValue<string>() is { } expanded)
            {
                shown[member] = state.Objects[expanded]!.DeepClone();
            }
        }

        return StripeAnswer.Ok(shown);
    }

    public StripeAnswer List(StripeParameters parameters)
    {
        if (parameters.RefuseUnknown("limit", "payment_intent", "status", "starting_after", "created[gte]") is { } refused)
        {
            return refused;
        }

        var found = state.Objects.Select(pair => pair.Value!.AsObject())
            .Where(one => one["object"]!.GetValue<string>() == "checkout.session")
            .Where(one => parameters.Text("status") is not { } status || one["status"]!.GetValue<string>() == status)
            .Where(one => parameters.Text("payment_intent") is not { } intent || one["payment_intent"]?.GetValue<string>() == intent)
            .Where(one => parameters.Number("created[gte]") is not { } since || one["created"]!.GetValue<long>() >= since)
            .OrderByDescending(one => one["created"]!.GetValue<long>())
            .ToList();
        if (parameters.Text("starting_after") is { } after)
        {
            found = [.. found.SkipWhile(one => one["id"]!.GetValue<string>() != after).Skip(1)];
        }

        var page = found.Take((int)Math.Clamp(parameters.Number("limit") ?? 10, 1, 100)).Select(JsonNode (one) => Shown(one)).ToArray();
        return StripeAnswer.Ok(new JsonObject
        {
            ["object"] = "list", ["url"] = "/v1/checkout/sessions", ["has_more"] = found.Count > page.Length,
                ["data"] = new JsonArray(page),
        });
    }

    public StripeAnswer Expire(string id)
    {
        if (Find(id) is not { } session)
        {
            return StripeAnswer.Missing("checkout.session", id);
        }

        if (session["status"]!.GetValue<string>() != "open")
        {
            return StripeAnswer.Invalid($"Only an open Checkout Session can be expired. This one is {session["status"]}.");
        }

        MarkExpired(session);
        return StripeAnswer.Ok(Shown(session));
    }

    /// <summary>Finds a session by id. Expires an open session whose lifetime is over.</summary>
    public JsonObject? Find(string id)
    {
        var session = state.Find(id, "checkout.session");
        if (session is not null && session["status"]!.GetValue<string>() == "open"
            && session["expires_at"]!.GetValue<long>() <= clock.GetUtcNow().ToUnixTimeSeconds())
        {
            MarkExpired(session);
        }

        return session;
    }

    /// <summary>Returns the object as callers see it.</summary>
    public static JsonObject Shown(JsonObject session)
    {
        var shown = session.DeepClone().AsObject();
        shown.Remove("payment_intent_metadata");
        shown.Remove("description");
        return shown;
    }

    private void MarkExpired(JsonObject session)
    {
        session["status"] = "expired";
        session["url"] = null;
        events.Add("checkout.session.expired", Shown(session));
    }

    private static StripeAnswer? Check(StripeParameters parameters)
    {
        if (parameters.Text("mode") != "payment")
        {
            return StripeAnswer.Invalid("This stand-in for Stripe knows mode=payment only.", "mode");
        }

        if (!Uri.TryCreate(parameters.Text("success_url"), UriKind.Absolute, out _))
        {
            return StripeAnswer.Invalid("Missing required param: success_url.", "success_url", "parameter_missing");
        }

        var lines = parameters.Count("line_items");
        if (lines == 0)
        {
            return StripeAnswer.Invalid("Missing required param: line_items.", "line_items", "parameter_missing");
        }

        for (var line = 0; line < lines; line++)
        {
            if (Price(parameters, line) < 0 || Quantity(parameters, line) < 1
                || parameters.Text(Line(line, "[price_data][product_data][name]")) is null
                || parameters.Text(Line(line, "[price_data][currency]")) is not { Length: 3 })
            {
                return StripeAnswer.Invalid("A line needs quantity and price_data with currency, unit_amount and product_data.",
                    Line(line, ""));
            }
        }

        return null;
    }

    private static string Line(int line, string member) => string.Create(CultureInfo.InvariantCulture, $"line_items[{line}]{member}");

    private static long Price(StripeParameters parameters, int line) => parameters.Number(Line(line, "[price_data][unit_amount]")) ?? -1;

    private static long Quantity(StripeParameters parameters, int line) => parameters.Number(Line(line, "[quantity]")) ?? 0;

    private string PublicAddress() => options.Value.PublicUrl is { Length: > 0 } url
        ? url.TrimEnd('/')
        : server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
}
