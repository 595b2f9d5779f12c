using Microsoft.Extensions.DependencyInjection;
using Tollgate.Learning.Responses;

namespace Tollgate.Learning.Tests.Responses;

/// <summary>Responses that continue each other.</summary>
public sealed class ConversationTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private ResponseBench Bench { get; } = new(learning);

    [Fact]
    public async Task A_conversation_has_the_items_of_all_its_responses_in_order()
    {
        var (first, second, third) = await KeepThreeAsync();

        using var response = await Bench.ConverseAsync(third);
        var conversation = await LearningFixture.JsonAsync(response, 200);

        Assert.Equal("tiny-assistant", conversation.GetProperty("model").GetString());
        Assert.Equal(
            ["msg_q1", "msg_a1", "msg_q2", "msg_a2", "msg_q3", "msg_a3"], ResponseBench.Ids(conversation.GetProperty("items")));
        Assert.Equal(["msg_q1", "msg_a1", "msg_q2", "msg_a2"], await Bench.ReadConversationAsync(second));
        Assert.Equal(["msg_q1", "msg_a1"], await Bench.ReadConversationAsync(first));
        Assert.True(ResponseBench.AreSame(
            ResponseBench.Message("msg_a3", "assistant", "output_text", "a3"), conversation.GetProperty("items")[5].GetRawText()));
    }

    [Fact]
    public async Task Two_conversations_can_go_on_from_one_response()
    {
        var first = await Bench.KeepAsync("q1", "a1");

        var (left, right) = (await Bench.KeepAsync("l", "la", first), await Bench.KeepAsync("r", "ra", first));

        Assert.Equal(["msg_q1", "msg_a1", "msg_l", "msg_la"], await Bench.ReadConversationAsync(left));
        Assert.Equal(["msg_q1", "msg_a1", "msg_r", "msg_ra"], await Bench.ReadConversationAsync(right));
    }

    [Fact]
    public async Task A_conversation_with_a_deleted_response_cannot_go_on_and_the_answer_names_it()
    {
        var (first, second, third) = await KeepThreeAsync();
        await Bench.DeleteAsync(second);

        using var refused = await Bench.ConverseAsync(third);
        var items = await Bench.ListAsync(third, "?order=asc");

        Assert.Equal(
            ("previous_response_not_found", "previous_response_id", $"Previous response with id '{second}' not found."),
            await LearningFixture.ErrorAsync(refused, 404));
        Assert.Equal(["msg_q3"], ResponseBench.Ids(items.GetProperty("data"))); // What is still kept.
        Assert.Equal(["msg_q1", "msg_a1"], await Bench.ReadConversationAsync(first));
    }

    [Fact]
    public async Task A_conversation_does_not_go_on_from_another_projects_response()
    {
        var foreign = await new ResponseBench(learning) { Caller = Bench.Caller with { ProjectId = Guid.NewGuid() } }.KeepAsync("q", "a");
        var own = await Bench.KeepAsync("q2", "a2", foreign);

        using var response = await Bench.ConverseAsync(own);

        Assert.Equal(
            ("previous_response_not_found", "previous_response_id", $"Previous response with id '{foreign}' not found."),
            await LearningFixture.ErrorAsync(response, 404));
    }

    [Fact]
    public async Task A_conversation_that_is_too_long_in_responses_or_bytes_is_refused()
    {
        var (_, http) = await learning.StartAsync(
            "--Batches:Batches=0", "--Jobs:Concurrency=0", "--Jobs:Plans=0", "--Responses:MaxConversationResponses=3",
            "--Responses:MaxConversationBytes=2000");
        var strict = new ResponseBench(learning, http) { Caller = Bench.Caller };
        var (_, _, third) = await KeepThreeAsync();
        var fourth = await Bench.KeepAsync("q4", "a4", third);
        var wide = await Bench.KeepAsync(new string('x', 1_200), "a");

        Assert.Equal(6, (await strict.ReadConversationAsync(third)).Length);
        foreach (var id in new[] { fourth, wide })
        {
            using var response = await strict.ConverseAsync(id);
            Assert.Equal(
                ("conversation_too_long", "previous_response_id"),
                (await LearningFixture.ErrorAsync(response, 400)) is var (code, param, _) ? (code, param) : default);
        }

        Assert.Equal(8, (await Bench.ReadConversationAsync(fourth)).Length);
    }

    [Fact]
    public async Task An_organization_that_reads_much_waits_for_itself_and_no_other_for_it()
    {
        var (app, http) = await learning.StartAsync(
            "--Batches:Batches=0", "--Jobs:Concurrency=0", "--Jobs:Plans=0", "--Responses:MaxReads=2");
        var (busy, other) = (new ResponseBench(learning, http), new ResponseBench(learning, http));
        var (hers, theirs) = (await busy.KeepAsync("q", "a"), await other.KeepAsync("q", "a"));
        var turns = app.Services.GetRequiredService<ConversationTurns>();
        using var first = await turns.WaitAsync(busy.Caller.OrganizationId, default);
        var second = await turns.WaitAsync(busy.Caller.OrganizationId, default);

        var waiting = busy.ReadConversationAsync(hers);
        await other.ReadConversationAsync(theirs);
        var hasWaited = !waiting.IsCompleted;
        second.Dispose();

        Assert.True(hasWaited);
        Assert.Equal(2, (await waiting).Length);
        var many = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => busy.ReadConversationAsync(hers)));
        Assert.All(many, items => Assert.Equal(2, items.Length));
    }

    [Fact]
    public async Task Input_items_are_those_that_the_response_read_the_newest_first()
    {
        var (first, _, third) = await KeepThreeAsync();

        var items = await Bench.ListAsync(third);
        var ofFirst = await Bench.ListAsync(first);

        Assert.Equal(["msg_q3", "msg_a2", "msg_q2", "msg_a1", "msg_q1"], ResponseBench.Ids(items.GetProperty("data")));
        Assert.Equal(
            ("list", "msg_q3", "msg_q1", false),
            (items.GetProperty("object").GetString(), items.GetProperty("first_id").GetString(), items.GetProperty("last_id").GetString(),
                items.GetProperty("has_more").GetBoolean()));
        Assert.Equal(["msg_q1"], ResponseBench.Ids(ofFirst.GetProperty("data")));
    }

    [Theory]
    [InlineData("asc")]
    [InlineData("desc")]
    public async Task Paging_visits_each_item_once(string order)
    {
        var (_, _, third) = await KeepThreeAsync();
        var seen = new List<string>();

        for (var (after, more) = ("", true); more;)
        {
            var page = await Bench.ListAsync(third, $"?limit=2&order={order}{after}&include[]=message.output_text.logprobs");
            seen.AddRange(ResponseBench.Ids(page.GetProperty("data")));
            more = page.GetProperty("has_more").GetBoolean();
            after = $"&after={page.GetProperty("last_id").GetString()}";
        }

        string[] expected = ["msg_q1", "msg_a1", "msg_q2", "msg_a2", "msg_q3"];
        Assert.Equal(order == "asc" ? expected : expected.Reverse(), seen);
    }

    [Fact]
    public async Task Paging_ends_when_an_item_was_sent_twice()
    {
        var first = await Bench.KeepAsync("q1", "a1");
        var second = ResponseBench.NewId();
        var content = ResponseBench.Content(second, "q2", "a2", first).Replace(
            """{"input":[""",
            $$"""{"input":[{{ResponseBench.Message("msg_a1", "assistant", "output_text", "a1")}},""", StringComparison.Ordinal);
        using var kept = await Bench.PutAsync(second, content);

        var (pages, after, more) = (0, "", true);
        for (; more && pages < 10; pages++)
        {
            var page = await Bench.ListAsync(second, $"?limit=1{after}");
            more = page.GetProperty("has_more").GetBoolean();
            after = $"&after={page.GetProperty("last_id").GetString()}";
        }

        Assert.InRange(pages, 3, 4);
    }

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=101", "limit")]
    [InlineData("?limit=x", "limit")]
    [InlineData("?order=up", "order")]
    [InlineData("?after=msg_nothing", "after")]
    [InlineData("?before=msg_q", "before")]
    [InlineData("?include[]=x", "include")]
    public async Task A_wrong_query_of_items_is_refused_by_name(string query, string param)
    {
        var id = await Bench.KeepAsync("q", "a");

        using var response = await Bench.SendAsync(HttpMethod.Get, $"/v1/responses/{id}/input_items{query}");

        Assert.Equal(param, (await LearningFixture.ErrorAsync(response, 400)).Param);
    }

    [Fact]
    public async Task A_response_without_input_of_its_own_lists_nothing()
    {
        var id = ResponseBench.NewId();
        using var kept = await Bench.PutAsync(
            id, $$$"""{"input":[],"response":{"id":"{{{id}}}","model":"m","status":"incomplete","output":[]}}""");

        var items = await Bench.ListAsync(id);

        Assert.Equal("""{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""", items.GetRawText());
        Assert.Empty(await Bench.ReadConversationAsync(id));
    }

    private async Task<(string First, string Second, string Third)> KeepThreeAsync()
    {
        var first = await Bench.KeepAsync("q1", "a1");
        var second = await Bench.KeepAsync("q2", "a2", first);
        return (first, second, await Bench.KeepAsync("q3", "a3", second));
    }
}
