using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Stripe;
using Tollgate.Billing.Payments;
using Tollgate.Billing.Restores;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Payments;

public sealed class TopUpTests(StripeFixture stripe) : IClassFixture<StripeFixture>
{
    private const string Good = "4242 4242 4242 4242";

    [Fact]
    public async Task A_paid_checkout_raises_the_balance_once_however_often_its_events_come()
    {
        stripe.LosesWebhooks = false;
        var organization = await stripe.Billing.OpenWalletAsync(0);
        var page = await stripe.StartCheckoutAsync(organization, 25);

        var paid = await StripeFixture.PostAsync(page, ("number", Good));

        Assert.Equal(HttpStatusCode.SeeOther, paid.StatusCode);
        Assert.Equal("http://127.0.0.1:9/billing?tab=1&checkout=success", paid.Headers.Location!.ToString());
        Assert.Equal(25, await stripe.BalanceAsync(organization)); // the browser returns after the webhook was answered
        var completed = stripe.SeenEvent("checkout.session.completed", page);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => stripe.DeliverAsync(completed.Body, completed.Signature)));
        var other = completed.Body.Replace("\"id\":\"evt_", "\"id\":\"evt_again", StringComparison.Ordinal);
        Assert.Equal(200, await stripe.DeliverAsync(other, Sign(other)));
        Assert.Equal(25, await stripe.BalanceAsync(organization));
        Assert.Equal(
            -25, await stripe.Billing.ReadAsync<decimal>(
                "select balance from ledger_accounts where organization_id = $1 and account = 'stripe_clearing'", organization));
    }

    [Fact]
    public async Task StartAsync_gives_the_same_page_to_the_same_request_id_and_refuses_another_amount()
    {
        var organization = await stripe.Billing.OpenWalletAsync(0);
        var id = Guid.NewGuid();

        var first = await stripe.StartCheckoutAsync(organization, 10, id);
        // Another page, the same form.
        var second = await stripe.StartCheckoutAsync(organization, 10, id, "http://127.0.0.1:9/billing?tab=2");
        var other = await Assert.ThrowsAsync<HttpRequestException>(() => stripe.StartCheckoutAsync(organization, 20, id));
        var small = await Assert.ThrowsAsync<HttpRequestException>(() => stripe.StartCheckoutAsync(organization, 4));

        Assert.Equal(first, second);
        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.BadRequest), (other.StatusCode, small.StatusCode));
    }

    [Fact]
    public async Task TakeAsync_refuses_a_forged_and_an_old_signature()
    {
        var body = """
            {"id":"evt_forged","object":"event","type":"checkout.session.completed",
             "data":{"object":{"object":"checkout.session","id":"cs_x"}}}
            """;
        var old = TimeProvider.System.GetUtcNow().AddMinutes(-6).ToUnixTimeSeconds();

        Assert.Equal(400, await stripe.DeliverAsync(body, "t=1,v1=00"));
        Assert.Equal(400, await stripe.DeliverAsync(body, ""));
        Assert.Equal(400, await stripe.DeliverAsync(body, Sign(body, "whsec_another")));
        Assert.Equal(400, await stripe.DeliverAsync(body, EventUtility.GenerateSignatureHeader(body, StripeFixture.WebhookSecret, old)));
        Assert.Equal(400, await stripe.DeliverAsync(body + " ", Sign(body)));
        Assert.Equal(0, await stripe.Billing.ReadAsync<long>("select count(*) from stripe_inbox where event_id = 'evt_forged'"));
    }

    [Fact]
    public async Task RunOnceAsync_finds_the_payment_whose_webhook_was_lost_and_later_events_add_nothing()
    {
        stripe.LosesWebhooks = true;
        var organization = await stripe.Billing.OpenWalletAsync(0);
        var page = await stripe.StartCheckoutAsync(organization, 50);
        await StripeFixture.PostAsync(page, ("number", Good));
        Assert.Equal(0, await stripe.BalanceAsync(organization));

        await stripe.Billing.ReadAsync<object>("update checkouts set next_poll_at = now() where organization_id = $1 returning 1",
            organization);
        await stripe.App.Services.GetRequiredService<CheckoutPoll>().RunOnceAsync(default);

        await stripe.BalanceBecomesAsync(organization, 50); // this call or the loop's own
        stripe.LosesWebhooks = false;
        await Until.TrueAsync(
            async () => await stripe.Billing.ReadAsync<long>(
                "select count(*) from stripe_inbox where processed_at is not null and payload like '%' || $1 || '%'",
                StripeFixture.SessionId(page)) > 0,
            "Stripe's own next delivery");
        // An event that says the opposite, late: the session is fetched, not believed.
        var expired = stripe.SeenEvent("checkout.session.completed", page).Body
            .Replace("checkout.session.completed", "checkout.session.expired", StringComparison.Ordinal)
            .Replace("\"id\":\"evt_", "\"id\":\"evt_late", StringComparison.Ordinal);
        Assert.Equal(200, await stripe.DeliverAsync(expired, Sign(expired)));
        Assert.Equal(50, await stripe.BalanceAsync(organization));
        Assert.Equal("paid", await stripe.Billing.ReadAsync<string>("select state from checkouts where organization_id = $1",
            organization));
    }

    [Fact]
    public async Task RunOnceAsync_books_from_Stripes_list_what_a_restored_database_forgot()
    {
        stripe.LosesWebhooks = true;
        var organization = await stripe.Billing.OpenWalletAsync(0);
        var page = await stripe.StartCheckoutAsync(organization, 30);
        await StripeFixture.PostAsync(page, ("number", Good));
        await stripe.Billing.ReadAsync<object>("delete from checkouts where organization_id = $1 returning 1", organization);

        await stripe.App.Services.GetRequiredService<CheckoutReplay>().RunOnceAsync(default);
        await stripe.App.Services.GetRequiredService<CheckoutReplay>().RunOnceAsync(default);

        Assert.Equal(30, await stripe.BalanceAsync(organization));
        stripe.LosesWebhooks = false;
    }

    [Theory]
    [InlineData(29, 30)]
    [InlineData(89, 30)]
    [InlineData(91, 0)]
    public async Task RunOnceAsync_looks_back_over_the_oldest_backup_that_may_be_restored(int daysLater, int booked)
    {
        stripe.LosesWebhooks = true;
        var organization = await stripe.Billing.OpenWalletAsync(0);
        var page = await stripe.StartCheckoutAsync(organization, 30);
        await StripeFixture.PostAsync(page, ("number", Good));
        await stripe.Billing.ReadAsync<object>("delete from checkouts where organization_id = $1 returning 1", organization);

        await Replay(daysLater).RunOnceAsync(default);
        stripe.LosesWebhooks = false;

        Assert.Equal(booked, await stripe.BalanceAsync(organization));
    }

    [Fact]
    public async Task RunOnceAsync_looks_far_back_again_when_another_database_answers()
    {
        stripe.LosesWebhooks = true;
        var organization = await stripe.Billing.OpenWalletAsync(0);
        var replay = Replay(daysLater: 10);
        await replay.RunOnceAsync(default);
        var page = await stripe.StartCheckoutAsync(organization, 30);
        await StripeFixture.PostAsync(page, ("number", Good));

        await replay.RunOnceAsync(default);
        var before = await stripe.BalanceAsync(organization);
        await stripe.Billing.ReadAsync<object>("update database_identity set generation = gen_random_uuid() returning 1");
        await replay.RunOnceAsync(default);
        stripe.LosesWebhooks = false;

        Assert.Equal((0, 30), (before, await stripe.BalanceAsync(organization)));
    }

    [Fact]
    public async Task SettleAsync_parks_a_payment_that_does_not_match_its_checkout()
    {
        stripe.LosesWebhooks = false;
        var organization = await stripe.Billing.OpenWalletAsync(0);
        var page = await stripe.StartCheckoutAsync(organization, 10);
        await stripe.Billing.ReadAsync<object>("update checkouts set amount_usd = 11 where organization_id = $1 returning 1",
            organization);

        await StripeFixture.PostAsync(page, ("number", Good));

        Assert.Equal("parked", await stripe.Billing.ReadAsync<string>("select state from checkouts where organization_id = $1",
            organization));
        Assert.Equal(0, await stripe.BalanceAsync(organization));
    }

    [Fact]
    public async Task A_declined_card_and_a_failed_authentication_pay_nothing_and_a_good_one_does()
    {
        stripe.LosesWebhooks = false;
        var organization = await stripe.Billing.OpenWalletAsync(0);
        var page = await stripe.StartCheckoutAsync(organization, 5);

        var declined = await (await StripeFixture.PostAsync(page, ("number", "4000 0000 0000 0002"))).Content.ReadAsStringAsync();
        var question = await (await StripeFixture.PostAsync(page, ("number", "4000 0025 0000 3155"))).Content.ReadAsStringAsync();
        var failed = await (await StripeFixture.PostAsync(page + "/authenticate", ("answer", "fail"))).Content.ReadAsStringAsync();
        Assert.Equal(0, await stripe.BalanceAsync(organization));
        await StripeFixture.PostAsync(page, ("number", "4000 0025 0000 3155"));
        var authenticated = await StripeFixture.PostAsync(page + "/authenticate", ("answer", "complete"));

        Assert.Contains("Your card was declined.", declined, StringComparison.Ordinal);
        Assert.Contains("3-D Secure", question, StringComparison.Ordinal);
        Assert.Contains("could not authenticate", failed, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, authenticated.StatusCode);
        Assert.Equal(5, await stripe.BalanceAsync(organization));
    }

    private CheckoutReplay Replay(int daysLater)
    {
        var services = stripe.App.Services;
        return new CheckoutReplay(
            services.GetRequiredService<RestoreWatch>(), services.GetRequiredService<CheckoutSettlement>(),
            services.GetRequiredService<IStripeClient>(), services.GetRequiredService<IOptions<StripeOptions>>(),
            new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(daysLater)), NullLogger<CheckoutReplay>.Instance);
    }

    private static string Sign(string body, string secret = StripeFixture.WebhookSecret) =>
        EventUtility.GenerateSignatureHeader(body, secret, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
}
