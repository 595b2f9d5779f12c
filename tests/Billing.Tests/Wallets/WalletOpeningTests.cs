using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Wallets;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Tests.Wallets;

public sealed class WalletOpeningTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    [Fact]
    public async Task OpenAsync_gives_welcome_credit_once_however_often_and_at_once_it_is_called()
    {
        var opening = billing.App.Services.GetRequiredService<WalletOpening>();
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => opening
            .OpenAsync(first, new OpenWallet("One", "Ada.L@Example.org"), default)));
        await opening.OpenAsync(second, new OpenWallet("Two", " ada.l+again@example.org"), default);
        await opening.OpenAsync(first, new OpenWallet("One", "other@example.org"), default);

        Assert.Equal(5, await BalanceAsync(first));
        Assert.Equal(0, await BalanceAsync(second));
        Assert.Equal(
            -5,
            await billing.ReadAsync<decimal>(
                "select balance from ledger_accounts where organization_id = $1 and account = 'promotion'", first));
    }

    [Theory]
    [InlineData("Ada@Example.org", "ada@example.org")]
    [InlineData("ada+x+y@example.org", "ada@example.org")]
    [InlineData("a.d.a@googlemail.com", "ada@gmail.com")]
    [InlineData("a.d.a@example.org", "a.d.a@example.org")]
    [InlineData("+tag@example.org", "+tag@example.org")]
    public void Normalize_gives_one_spelling_to_one_mailbox(string email, string expected) =>
        Assert.Equal(expected, EmailIdentity.Normalize(email));

    [Fact]
    public async Task Endpoints_open_read_and_state_and_answer_only_who_may_ask()
    {
        var app = await billing.StartAsync("--Wallets:WelcomeCreditTotalUsd=1000000");
        using var accounts = BillingFixture.Client(app, "accounts");
        using var gateway = BillingFixture.Client(app, "gateway");
        var path = $"/internal/organizations/{Guid.NewGuid()}";

        var before = await accounts.GetAsync($"{path}/wallet");
        var opened = await accounts.PutAsJsonAsync(
            $"{path}/wallet", new OpenWallet("Acme", "acme@example.org"), ContractsJson.Default.OpenWallet);
        var nameless = await accounts.PutAsJsonAsync($"{path}/wallet", new OpenWallet(" ", null), ContractsJson.Default.OpenWallet);
        var state = await accounts.GetFromJsonAsync($"{path}/wallet", ContractsJson.Default.WalletState);
        var lines = await accounts.GetFromJsonAsync($"{path}/ledger?limit=10", ContractsJson.Default.IReadOnlyListStatementLine);
        var stranger = await gateway.GetAsync($"{path}/wallet");

        Assert.Equal(HttpStatusCode.NotFound, before.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, opened.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, nameless.StatusCode);
        Assert.Equal((5m, 0m), (state!.Balance, state.Leased));
        var line = Assert.Single(lines!);
        Assert.Equal(("welcome_credit", 5m), (line.Kind, line.Amount));
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
    }

    private Task<decimal> BalanceAsync(Guid organization) =>
        billing.ReadAsync<decimal>("select balance from wallets where organization_id = $1", organization);
}
