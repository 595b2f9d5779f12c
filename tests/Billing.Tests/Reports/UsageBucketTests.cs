using System.Net;
using System.Net.Http.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Reports;

/// <summary>Usage in buckets over any range, through HTTP as Accounts asks for it.</summary>
public sealed class UsageBucketTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private static readonly Guid OtherProject = new("00000000-0000-0000-0000-0000000000a2");
    private static readonly Guid OtherKey = new("00000000-0000-0000-0000-0000000000b2");

    /// <summary>Midnight UTC, three days ago.</summary>
    private readonly DateTimeOffset _day = new(TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(-3), TimeSpan.Zero);

    [Fact]
    public async Task Buckets_of_every_width_equal_the_rows_in_the_range_and_no_others()
    {
        var (accounts, organization) = await BookAsync();
        DateTimeOffset[] edges = [_day, _day.AddMinutes(30), _day.AddHours(1), _day.AddHours(10).AddSeconds(1), _day.AddDays(1)];
        foreach (var width in Enum.GetValues<UsageWidth>())
        {
            foreach (var from in edges)
            {
                foreach (var to in edges.Where(edge => edge > from))
                {
                    var report = await AskAsync(accounts, organization, new UsageBucketQuery(from, to, width));

                    Assert.Equal(
                        await billing.ReadAsync<decimal>(
                            "select coalesce(sum(amount), 0) from usage_events "
                            + "where organization_id = $1 and admitted_at >= $2 and admitted_at < $3",
                            organization, from, to),
                        report.Rows.Sum(row => row.Amount));
                    Assert.All(report.Rows, row => Assert.Equal(Truncate(row.Start, width), row.Start));
                }
            }
        }
    }

    [Fact]
    public async Task The_instant_at_the_end_of_a_range_is_not_in_it()
    {
        var (accounts, organization) = await BookAsync();

        var before = await AskAsync(accounts, organization, new UsageBucketQuery(_day, _day.AddHours(10), UsageWidth.Day));
        var with = await AskAsync(accounts, organization, new UsageBucketQuery(_day, _day.AddHours(10).AddSeconds(1), UsageWidth.Day));

        Assert.Equal((2L, 3L), (before.Rows.Sum(row => row.Requests), with.Rows.Sum(row => row.Requests)));
    }

    [Fact]
    public async Task Groups_and_filters_part_the_same_sum()
    {
        var (accounts, organization) = await BookAsync();
        var whole = new UsageBucketQuery(_day, _day.AddDays(2), UsageWidth.Day);

        var all = await AskAsync(accounts, organization, whole);
        foreach (var groups in (UsageGroups[])
            [UsageGroups.Project, UsageGroups.Key, UsageGroups.Model | UsageGroups.Endpoint, UsageGroups.ServiceClass])
        {
            var parted = await AskAsync(accounts, organization, whole with { Groups = groups });
            Assert.Equal(all.Rows.Sum(row => row.Amount), parted.Rows.Sum(row => row.Amount));
        }

        var byKey = await AskAsync(accounts, organization, whole with { Groups = UsageGroups.Key, KeyIds = [OtherKey] });
        var ofProject = await AskAsync(accounts, organization, whole with { ProjectIds = [OtherProject] });
        var ofNone = await AskAsync(accounts, organization, whole with { KeyIds = [] });
        var batches = await AskAsync(accounts, organization, whole with { ServiceClass = ServiceClass.Batch });
        var embeddings = await AskAsync(accounts, organization, whole with { Endpoints = ["embeddings"] });

        Assert.Equal(2, all.Rows.Count);
        Assert.Equal([(Guid?)OtherKey], byKey.Rows.Select(row => row.KeyId));
        Assert.Equal(1, ofProject.Rows.Sum(row => row.Requests));
        Assert.Empty(ofNone.Rows);
        Assert.Equal((1L, 300L), (batches.Rows.Sum(row => row.Requests), batches.Rows.Sum(row => row.InputTokens)));
        Assert.Equal(0, embeddings.Rows.Sum(row => row.Requests));
    }

    [Fact]
    public async Task Another_organization_and_an_endless_range_get_nothing()
    {
        var (accounts, _) = await BookAsync();
        var path = $"/internal/organizations/{Guid.NewGuid()}/usage/buckets";

        var other = await AskAsync(accounts, Guid.NewGuid(), new UsageBucketQuery(_day, _day.AddDays(1), UsageWidth.Hour));
        var tooLong = await PostAsync(accounts, path, new UsageBucketQuery(_day, _day.AddDays(3), UsageWidth.Minute));
        var turned = await PostAsync(accounts, path, new UsageBucketQuery(_day, _day, UsageWidth.Day));

        Assert.Empty(other.Rows);
        Assert.Equal(HttpStatusCode.BadRequest, tooLong.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, turned.StatusCode);
    }

    /// <summary>Four requests: at 00:10, 00:30:30 and 10:00 of the day, and at noon of the next one.</summary>
    private async Task<(HttpClient Accounts, Guid Organization)> BookAsync()
    {
        var app = await billing.StartAsync();
        using var gateway = BillingFixture.Client(app, "gateway");
        var organization = await billing.OpenWalletAsync(10);
        var answer = await gateway.PostAsJsonAsync(
            "/internal/leases", new LeaseRequest(organization, null, 2_000_000_000, 0), ContractsJson.Default.LeaseRequest);
        var lease = (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.Lease))!;
        var journal = Guid.NewGuid();
        await gateway.PostAsJsonAsync(
            "/internal/journals", new RegisterJournal(journal, 1, "gateway-1"), ContractsJson.Default.RegisterJournal);
        UsageEvent At(DateTimeOffset at, long input, long output) => BillingFixture.Usage(organization, lease.Epoch, input, output) with
        {
            RequestId = Guid.CreateVersion7(at.AddSeconds(-1)), AdmittedAt = at, FinishedAt = at.AddSeconds(2),
        };
        List<UsageEvent> events =
        [
            At(_day.AddMinutes(10), 100, 10),
            At(_day.AddMinutes(30).AddSeconds(30), 200, 20) with { KeyId = OtherKey, ProjectId = OtherProject },
            At(_day.AddHours(10), 300, 30) with { ServiceClass = ServiceClass.Batch },
            At(_day.AddHours(36), 400, 40) with { Endpoint = "completions" },
        ];
        await gateway.PostAsync("/internal/usage", UsageBatchFormat.ToContent(new UsageBatch(journal, 1, 0, 400, events, [])));
        return (BillingFixture.Client(app, "accounts"), organization);
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient accounts, string path, UsageBucketQuery query) =>
        accounts.PostAsJsonAsync(path, query, ContractsJson.Default.UsageBucketQuery);

    private static async Task<UsageReport> AskAsync(HttpClient accounts, Guid organization, UsageBucketQuery query)
    {
        using var response = await PostAsync(accounts, $"/internal/organizations/{organization}/usage/buckets", query);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.UsageReport))!;
    }

    private static DateTimeOffset Truncate(DateTimeOffset at, UsageWidth width)
    {
        var length = width switch
        {
            UsageWidth.Minute => TimeSpan.FromMinutes(1),
            UsageWidth.Hour => TimeSpan.FromHours(1),
            _ => TimeSpan.FromDays(1),
        };
        return new DateTimeOffset(at.Ticks / length.Ticks * length.Ticks, TimeSpan.Zero);
    }
}
