using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Money;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Catalogue;

public sealed class PriceBookTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Organization = Guid.NewGuid();
    private static readonly ModelPrice Old = new("m", Guid.NewGuid(), Noon.AddDays(-30), null, default);
    private static readonly ModelPrice Next = new("m", Guid.NewGuid(), Noon, null, default);
    private static readonly ModelPrice Own = new("m", Guid.NewGuid(), Noon.AddDays(-60), Organization, default);

    [Fact]
    public async Task Find_takes_the_newest_price_in_force_and_an_organizations_own_before_the_list()
    {
        await using var plane = await ControlPlane.StartAsync();
        plane.Prices.Publish(new PriceSnapshot([Old, Own, Next]));
        using var book = await FollowAsync(plane.Url, TestFolder.Create("prices"));

        Assert.Equal(Old, book.Find("m", Guid.NewGuid(), Noon.AddTicks(-1)));
        Assert.Equal(Next, book.Find("m", Guid.NewGuid(), Noon));
        Assert.Equal(Own, book.Find("m", Organization, Noon));
        Assert.Null(book.Find("m", Guid.NewGuid(), Noon.AddDays(-31)));
        Assert.Null(book.Find("other", Organization, Noon));
        await book.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_price_that_billing_has_in_force_is_so_by_a_clock_that_is_behind_and_a_later_one_is_not()
    {
        await using var plane = await ControlPlane.StartAsync();
        var first = new ModelPrice("first", Guid.NewGuid(), Noon.AddSeconds(1), null, default);
        plane.Prices.Publish(new PriceSnapshot([Next, first]) { Since = Noon }); // Billing has left out the older ones.
        using var book = await FollowAsync(plane.Url, TestFolder.Create("prices"));

        Assert.Equal(Next, book.Find("m", Organization, Noon.AddSeconds(-2)));
        Assert.Null(book.Find("first", Organization, Noon.AddSeconds(-2)));
        Assert.Null(book.Find("first", Organization, Noon));
        Assert.Equal(first, book.Find("first", Organization, Noon.AddSeconds(1)));
        await book.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_restart_reads_the_last_copy_while_billing_is_away()
    {
        var folder = TestFolder.Create("prices");
        await using (var plane = await ControlPlane.StartAsync())
        {
            plane.Prices.Publish(new PriceSnapshot([Old]));
            using var first = await FollowAsync(plane.Url, folder);
            await Until.TrueAsync(() => File.Exists(Path.Combine(folder, "prices.json")), "the copy");
            await first.StopAsync(CancellationToken.None);
        }

        using var second = await FollowAsync("http://127.0.0.1:1", folder);

        Assert.Equal(Old, second.Find("m", Organization, Noon.AddDays(-1)));
        await second.StopAsync(CancellationToken.None);
    }

    private static async Task<PriceCatalogue> FollowAsync(string url, string folder)
    {
        var book = new PriceCatalogue(
            new OneClient(url), Options.Create(new CatalogueOptions { Folder = folder }), TimeProvider.System,
                NullLogger<PriceCatalogue>.Instance);
        await book.StartAsync(CancellationToken.None);
        await book.WaitForFirstAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
        return book;
    }

    private sealed class OneClient(string url) : IHttpClientFactory
    {
        public HttpClient CreateClient(string name) => new() { BaseAddress = new Uri(url) };
    }
}
