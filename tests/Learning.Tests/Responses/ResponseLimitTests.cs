using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Learning.Housekeeping;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Responses;

/// <summary>How much is kept, and for how long.</summary>
public sealed class ResponseLimitTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private static readonly string[] Idle = ["--Batches:Batches=0", "--Jobs:Concurrency=0", "--Jobs:Plans=0"];

    private ResponseHousekeeping Housekeeping => learning.App.Services.GetRequiredService<ResponseHousekeeping>();

    [Fact]
    public async Task A_response_is_kept_for_as_long_as_the_setting_says()
    {
        var (_, http) = await learning.StartAsync([.. Idle, "--Responses:Retention=2.00:00:00"]);
        var usual = await new ResponseBench(learning).KeepAsync("q", "a");
        var brief = await new ResponseBench(learning, http).KeepAsync("q", "a");

        Assert.Equal(TimeSpan.FromDays(30), await LifeAsync(usual));
        Assert.Equal(TimeSpan.FromDays(2), await LifeAsync(brief));
    }

    [Fact]
    public async Task A_response_whose_time_is_over_is_gone_at_once_and_its_row_with_the_next_look()
    {
        using var metrics = new RecordedMetrics(learning.App.Services);
        var bench = new ResponseBench(learning);
        var (over, deleted, left) = (await bench.KeepAsync("q", "a"), await bench.KeepAsync("q", "b"), await bench.KeepAsync("q", "c"));
        var next = await bench.KeepAsync("q2", "a2", over);
        await bench.DeleteAsync(deleted);
        await learning.ExecuteAsync(
            $"update responses set expires_at = now() where id in ('{ResponseBench.Row(over)}', '{ResponseBench.Row(deleted)}')");

        using var late = await bench.RetrieveAsync(over);
        using var conversation = await bench.ConverseAsync(next);
        await Housekeeping.RunOnceAsync(default);

        Assert.Equal(404, (int)late.StatusCode);
        Assert.Equal("previous_response_not_found", (await LearningFixture.ErrorAsync(conversation, 404)).Code);
        Assert.Equal(2, await learning.ReadAsync<long>(
            "select count(*) from responses where organization_id = $1", bench.Caller.OrganizationId));
        Assert.Equal(2, (await bench.CountAsync()).Responses);
        Assert.Equal(1, metrics.Sum("tollgate.learning.responses.removed{why=request}"));
        Assert.Equal(1, metrics.Sum("tollgate.learning.responses.removed{why=expiry}"));
        using var kept = await bench.RetrieveAsync(left);
        Assert.Equal(200, (int)kept.StatusCode);
    }

    [Fact]
    public async Task An_organization_keeps_no_more_responses_than_it_may_and_a_deletion_makes_room()
    {
        var (_, http) = await learning.StartAsync([.. Idle, "--Responses:MaxResponses=2"]);
        var bench = new ResponseBench(learning, http);
        var first = await bench.KeepAsync("q", "a");
        await bench.KeepAsync("q", "b");

        using var room = await bench.SendAsync(HttpMethod.Get, "/internal/responses/room");
        var third = ResponseBench.NewId();
        using var refused = await bench.PutAsync(third, ResponseBench.Content(third, "q", "c"));
        await bench.DeleteAsync(first);
        using var after = await bench.SendAsync(HttpMethod.Get, "/internal/responses/room");
        using var taken = await bench.PutAsync(third, ResponseBench.Content(third, "q", "c"));

        Assert.Equal("response_storage_full", (await LearningFixture.ErrorAsync(room, 400)).Code);
        Assert.Equal(("response_storage_full", "store"), await LearningFixture.ErrorAsync(refused, 400) is var (code, param, _)
            ? (code, param) : default);
        Assert.Equal((204, 204), ((int)after.StatusCode, (int)taken.StatusCode));
    }

    [Fact]
    public async Task Bytes_together_are_limited_when_requests_come_at_once()
    {
        var (_, http) = await learning.StartAsync([.. Idle, "--Responses:MaxTotalBytes=10000"]);
        var bench = new ResponseBench(learning, http);

        var statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            var id = ResponseBench.NewId();
            using var response = await bench.PutAsync(id, ResponseBench.Content(id, "q", new string('a', 2_000)));
            return (int)response.StatusCode;
        }));

        var (responses, bytes) = await bench.CountAsync();
        Assert.Equal(responses, statuses.Count(status => status == 204));
        Assert.InRange(bytes, 6_000, 10_000);
        Assert.Equal(
            bytes, await learning.ReadAsync<long>(
                "select coalesce(sum(bytes), 0)::bigint from responses where organization_id = $1", bench.Caller.OrganizationId));
    }

    [Fact]
    public async Task A_response_above_the_largest_size_is_refused()
    {
        var (_, http) = await learning.StartAsync([.. Idle, "--Responses:MaxBytes=10000"]);
        var bench = new ResponseBench(learning, http);
        var id = ResponseBench.NewId();

        using var response = await bench.PutAsync(id, ResponseBench.Content(id, "q", new string('a', 10_000)));
        using var huge = await bench.SendAsync(
            HttpMethod.Put, $"/internal/responses/{id}",
            new StringContent(new string(' ', 3_000_000), Encoding.UTF8, "application/json"));

        Assert.Equal("file_too_large", (await LearningFixture.ErrorAsync(response, 413)).Code);
        Assert.Equal("file_too_large", (await LearningFixture.ErrorAsync(huge, 413)).Code);
    }

    private Task<TimeSpan> LifeAsync(string id) =>
        learning.ReadAsync<TimeSpan>("select expires_at - created_at from responses where id = $1", ResponseBench.Row(id));
}
