using System.Diagnostics;
using Stripe;
using Stripe.Checkout;
using Tollgate.FakeStripe;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Payments;

/// <summary>The fake against both of Stripe's official clients.</summary>
public sealed class FakeStripeTests(StripeFixture stripe) : IClassFixture<StripeFixture>
{
    [Fact]
    public async Task Stripe_net_creates_reads_and_expires_a_session()
    {
        var client = Client(StripeFixture.ApiKey);
        var customer = await new CustomerService(client).CreateAsync(new CustomerCreateOptions { Email = "a@example.org" });
        var sessions = new SessionService(client);

        var created = await sessions.CreateAsync(NewSession(customer.Id));
        var expired = await sessions.ExpireAsync(created.Id);
        var read = await sessions.GetAsync(created.Id, new SessionGetOptions { Expand = ["customer"] });

        Assert.Equal((1400, "usd", "open", "unpaid"), (created.AmountTotal, created.Currency, created.Status, created.PaymentStatus));
        Assert.Equal("expired", expired.Status);
        Assert.Equal("a@example.org", read.Customer.Email);
        Assert.Equal("y", read.Metadata["x"]);
        var events = await new EventService(client).ListAsync(new EventListOptions { Type = "checkout.session.expired" });
        Assert.Contains(events, one => one.Data.Object is Session { Id: var id } && id == created.Id);
    }

    [Fact]
    public async Task Idempotency_keys_replay_the_same_and_refuse_another_request()
    {
        var sessions = new SessionService(Client(StripeFixture.ApiKey));
        var key = new RequestOptions { IdempotencyKey = Guid.NewGuid().ToString() };

        var first = await sessions.CreateAsync(NewSession(null), key);
        var second = await sessions.CreateAsync(NewSession(null), key);
        var other = await Assert.ThrowsAsync<StripeException>(() => sessions.CreateAsync(NewSession("cus_other"), key));

        Assert.Equal(first.Id, second.Id);
        Assert.Equal("idempotency_error", other.StripeError.Type);
    }

    [Fact]
    public async Task Errors_have_Stripes_shape()
    {
        var sessions = new SessionService(Client(StripeFixture.ApiKey));
        var unknown = NewSession(null);
        unknown.AddExtraParam("surprise", "1");

        var wrongKey = await Assert.ThrowsAsync<StripeException>(() => new SessionService(Client("sk_test_wrong")).GetAsync("cs_1"));
        var missing = await Assert.ThrowsAsync<StripeException>(() => sessions.GetAsync("cs_none"));
        var surprised = await Assert.ThrowsAsync<StripeException>(() => sessions.CreateAsync(unknown));

        Assert.Equal(401, (int)wrongKey.HttpStatusCode);
        Assert.Equal("resource_missing", missing.StripeError.Code);
        Assert.Equal(("parameter_unknown", "surprise"), (surprised.StripeError.Code, surprised.StripeError.Param));
    }

    [Fact]
    public async Task State_survives_a_restart()
    {
        var file = Path.Combine(TestFolder.Create("stripe"), "state.json");
        string id;
        await using (var first = StripeFixture.StartStripe("", file))
        {
            await first.StartAsync();
            id = (await new SessionService(Client(StripeFixture.ApiKey, first.Url(ListenerKind.Public))).CreateAsync(NewSession(null))).Id;
            await first.StopAsync();
        }

        await using var second = StripeFixture.StartStripe("", file);
        await second.StartAsync();

        Assert.Equal(1400, (await new SessionService(Client(StripeFixture.ApiKey,
            second.Url(ListenerKind.Public))).GetAsync(id)).AmountTotal);
    }

    [Fact]
    public void Create_refuses_to_be_reachable_from_other_machines() =>
        Assert.Throws<InvalidOperationException>(() => FakeStripeApp.Create(["--Listen:Public=http://0.0.0.0:0"]));

    [Fact]
    public async Task The_official_npm_client_creates_pays_reads_and_verifies()
    {
        var node = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "Payments", "stripe-sdk.mjs")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["STRIPE_BASE"] = stripe.Stripe.Url(ListenerKind.Public),
                ["STRIPE_KEY"] = StripeFixture.ApiKey,
                ["WEBHOOK_SECRET"] = StripeFixture.WebhookSecret,
                ["NODE_MODULES"] = Path.Combine(SharedFiles.Repository, "node_modules"),
            },
        };
        using var process = Process.Start(node)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, errors);
        Assert.Contains("complete paid succeeded checkout.session.completed idempotency_error", await output, StringComparison.Ordinal);
    }

    private StripeClient Client(string key) => Client(key, stripe.Stripe.Url(ListenerKind.Public));

    private static StripeClient Client(string key, string address) => new(new StripeClientOptions { ApiKey = key, ApiBase = address });

    private static SessionCreateOptions NewSession(string? customer) => new()
    {
        Mode = "payment",
        Customer = customer,
        SuccessUrl = "http://127.0.0.1:9/ok",
        LineItems =
        [
            new SessionLineItemOptions
            {
                Quantity = 2,
                PriceData = new SessionLineItemPriceDataOptions
                {
                    Currency = "usd", UnitAmount = 700, ProductData = new SessionLineItemPriceDataProductDataOptions { Name = "Credit" },
                },
            },
        ],
        Metadata = new Dictionary<string, string> { ["x"] = "y" },
    };
}
