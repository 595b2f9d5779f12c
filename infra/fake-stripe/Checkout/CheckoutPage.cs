using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;

namespace Tollgate.FakeStripe.Checkout;

/// <summary>HTML of the checkout page. Its banner warns that this is not Stripe and takes no real card.</summary>
internal static class CheckoutPage
{
    private const string Frame =
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Checkout (fake Stripe)</title>
        <style>
          :root { color-scheme: light dark; --line: #8884; --accent: #5b4bdb; }
          body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
          .banner { background: #b45309; color: #fff; padding: .5rem 1rem; text-align: center; font-weight: 600; }
          main { max-width: 26rem; margin: 3rem auto; padding: 0 1rem; }
          h1 { font-size: 1rem; font-weight: 500; margin: 0; opacity: .75; }
          .amount { font-size: 2.25rem; font-weight: 650; margin: 0 0 1.5rem; font-variant-numeric: tabular-nums; }
          form { border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; display: grid; gap: .9rem; }
          label { display: grid; gap: .25rem; font-size: .875rem; }
          input { box-sizing: border-box; width: 100%; min-width: 0; font: inherit; padding: .55rem .7rem;
            border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit; }
          .row { display: grid; grid-template-columns: 1fr 1fr; gap: .9rem; }
          .row > * { min-width: 0; }
          button { font: inherit; font-weight: 600; padding: .7rem; border: 0; border-radius: .5rem; cursor: pointer;
            background: var(--accent); color: #fff; }
          button.plain { background: transparent; color: inherit; border: 1px solid var(--line); }
          .error { color: #dc2626; font-weight: 600; margin: 0; }
          .note, a { font-size: .8125rem; opacity: .8; color: inherit; }
          code { font-size: .95em; white-space: nowrap; }
        </style></head><body>
        <div class="banner">Fake Stripe for development: no money moves. Never type a real card.</div>
        <main><h1>{{title}}</h1><p class="amount">{{amount}}</p>{{content}}</main></body></html>
        """;

    /// <summary>Renders the card form of an open session.</summary>
    public static string Card(JsonObject session, string? error) => Page(
        session,
        $"""
        <form method="post" action="/pay/{Id(session)}">
          {(error is null ? "" : $"<p class=\"error\" role=\"alert\">{Encode(error)}</p>")}
          <label>E-mail
            <input name="email" type="email" autocomplete="off" value="{Email(session)}"></label>
          <label>Card number <input name="number" inputmode="numeric" autocomplete="off" required value="4242 4242 4242 4242"></label>
          <div class="row">
            <label>Expiry <input name="expiry" autocomplete="off" required value="12 / 34"></label>
            <label>CVC <input name="cvc" inputmode="numeric" autocomplete="off" required value="123"></label>
          </div>
          <button type="submit">Pay {Amount(session)}</button>
          <p class="note">Test cards: <code>4242 4242 4242 4242</code> pays, <code>4000 0000 0000 0002</code> is declined,
            <code>4000 0025 0000 3155</code> asks for 3-D Secure.</p>
          {Cancel(session)}
        </form>
        """);

    /// <summary>Renders the bank's 3-D Secure question.</summary>
    public static string Authentication(JsonObject session) => Page(
        session,
        $"""
        <form method="post" action="/pay/{Id(session)}/authenticate">
          <p>3-D Secure: your (fake) bank asks whether it is you.</p>
          <button name="answer" value="complete">Complete authentication</button>
          <button class="plain" name="answer" value="fail">Fail authentication</button>
        </form>
        """);

    /// <summary>Renders a session that can no longer be paid.</summary>
    public static string Over(JsonObject session) => Page(
        session, $"<p>This checkout is {Encode(session["status"]!.GetValue<string>())}.</p>{Cancel(session)}");

    private static string Page(JsonObject session, string content) => Frame
        .Replace("{{title}}", Encode(session["description"]?.GetValue<string>() ?? "Payment"), StringComparison.Ordinal)
        .Replace("{{amount}}", Amount(session), StringComparison.Ordinal)
        .Replace("{{content}}", content, StringComparison.Ordinal);

    private static string Amount(JsonObject session) => Encode(string.Create(
        CultureInfo.InvariantCulture,
        $"{session["amount_total"]!.GetValue<long>() / 100m:N2} {session["currency"]!.GetValue<string>().ToUpperInvariant()}"));

    private static string Cancel(JsonObject session) => session["cancel_url"]?.GetValue<string>() is { } url
        && Uri.TryCreate(url, UriKind.Absolute, out _)
        ? $"<a href=\"{Encode(url)}\">Back without paying</a>"
        : "";

    private static string Email(JsonObject session) => Encode(session["customer_email"]?.GetValue<string>() ?? "");

    private static string Id(JsonObject session) => Encode(session["id"]!.GetValue<string>());

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);
}
