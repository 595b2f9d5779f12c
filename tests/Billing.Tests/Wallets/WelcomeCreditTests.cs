using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Wallets;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Tests.Wallets;

public sealed class WelcomeCreditTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private const string None = "--Wallets:WelcomeCreditsPerDomainPerDay=1000";

    [Fact]
    public async Task One_mail_domain_gets_so_many_credits_a_day_and_the_operator_sees_who_waits()
    {
        var domain = $"{Guid.NewGuid():N}.co.uk";
        var app = await billing.StartAsync("--Wallets:WelcomeCreditsPerDomainPerDay=3");
        using var client = BillingFixture.Client(app, "accounts");
        var first = await OpenAsync(client, 3, i => $"a{i}@{domain}");

        var second = await OpenAsync(client, 2, i => $"a@sub{i}.{domain}"); // Names under one registered domain are its owner's.
        var other = await OpenAsync(client, 1, _ => $"a@{Guid.NewGuid():N}.co.uk");
        var report = (await client.GetFromJsonAsync("/internal/welcome-credits", ContractsJson.Default.WelcomeCreditReport))!;

        Assert.All(first, balance => Assert.Equal(5m, balance));
        Assert.All(second, balance => Assert.Equal(0m, balance));
        Assert.Equal(5m, other.Single());
        Assert.Contains(new WithheldWelcomeCredits("domain", domain, 2), report.Withheld);
    }

    [Fact]
    public async Task One_network_gets_so_many_credits_a_day_whatever_the_domains()
    {
        var app = await billing.StartAsync("--Wallets:WelcomeCreditsPerNetworkPerDay=2", None);
        using var client = BillingFixture.Client(app, "accounts");

        var balances = await OpenAsync(client, 4, _ => $"a@{Guid.NewGuid():N}.example", "203.0.113.0/24");
        var elsewhere = await OpenAsync(client, 1, _ => $"a@{Guid.NewGuid():N}.example", "198.51.100.0/24");

        Assert.Equal([5m, 5m, 0m, 0m], balances);
        Assert.Equal(5m, elsewhere.Single());
    }

    [Fact]
    public async Task Addresses_of_a_large_provider_do_not_share_one_limit()
    {
        var app = await billing.StartAsync("--Wallets:WelcomeCreditsPerDomainPerDay=1");
        using var client = BillingFixture.Client(app, "accounts");

        var balances = await OpenAsync(client, 3, _ => $"{Guid.NewGuid():N}@outlook.com");

        Assert.All(balances, balance => Assert.Equal(5m, balance));
    }

    [Fact]
    public async Task Who_waited_gets_the_credit_when_the_limits_allow_and_once()
    {
        var app = await billing.StartAsync("--Wallets:WelcomeCreditsPerNetworkPerDay=1", None);
        using var client = BillingFixture.Client(app, "accounts");
        await OpenAsync(client, 1, _ => $"a@{Guid.NewGuid():N}.example", "192.0.2.0/24");
        var waiting = Guid.NewGuid();
        await OpenAsync(client, waiting, $"a@{Guid.NewGuid():N}.example", "192.0.2.0/24");
        var before = await BalanceAsync(waiting);

        await billing.ExecuteAsync(
            "update welcome_credits set granted_at = granted_at - interval '25 hours' where network = '192.0.2.0/24'");
        await app.Services.GetRequiredService<WelcomeCredits>().GiveWaitingAsync(default);
        await app.Services.GetRequiredService<WelcomeCredits>().GiveWaitingAsync(default);

        Assert.Equal(0m, before);
        Assert.Equal(5m, await BalanceAsync(waiting));
        Assert.Equal(
            0L, await billing.ReadAsync<long>("select count(*) from welcome_credits_withheld where organization_id = $1", waiting));
    }

    [Theory]
    [InlineData("ada@example.org", "example.org")]
    [InlineData("ada@a.b.example.org", "example.org")]
    [InlineData("ada@mail.example.co.uk", "example.co.uk")]
    [InlineData("ada@Example.De.", "example.de")]
    [InlineData("a.d.a@googlemail.com", "gmail.com")]
    public void DomainOf_is_what_somebody_registered(string email, string expected) =>
        Assert.Equal(expected, EmailIdentity.DomainOf(email));

    private async Task<decimal[]> OpenAsync(HttpClient client, int count, Func<int, string> email, string? network = null)
    {
        var balances = new decimal[count];
        for (var i = 0; i < count; i++)
        {
            var organization = Guid.NewGuid();
            await OpenAsync(client, organization, email(i), network);
            balances[i] = await BalanceAsync(organization);
        }

        return balances;
    }

    private static async Task OpenAsync(HttpClient client, Guid organization, string email, string? network)
    {
        using var response = await client.PutAsJsonAsync(
            $"/internal/organizations/{organization}/wallet", new OpenWallet("Acme", email, network), ContractsJson.Default.OpenWallet);
        response.EnsureSuccessStatusCode();
    }

    private Task<decimal> BalanceAsync(Guid organization) =>
        billing.ReadAsync<decimal>("select balance from wallets where organization_id = $1", organization);
}
