using System.Text;
using System.Text.Json;

namespace Tollgate.Learning.Tests.Responses;

/// <summary>Keeping, showing and deleting a response.</summary>
public sealed class ResponseEndpointTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private ResponseBench Bench { get; } = new(learning);

    [Fact]
    public async Task A_response_comes_back_as_it_was_kept_and_lies_sealed()
    {
        var id = ResponseBench.NewId();
        var content = ResponseBench.Content(id, "the-secret-question", "the-secret-answer", more: ""","usage":{"total_tokens":7}""");
        using var kept = await Bench.PutAsync(id, content);

        using var shown = await Bench.RetrieveAsync(id);

        Assert.Equal(204, (int)kept.StatusCode);
        Assert.Equal("application/json", shown.Content.Headers.ContentType!.ToString());
        var response = await shown.Content.ReadAsStringAsync();
        Assert.True(ResponseBench.AreSame(JsonElement.Parse(content).GetProperty("response").GetRawText(), response));
        var row = Encoding.Latin1.GetString(await learning.ReadAsync<byte[]>(
            "select convert_to(responses::text, 'UTF8') || content || wrapped_key from responses where id = $1", ResponseBench.Row(id)));
        Assert.Contains("tiny-assistant", row, StringComparison.Ordinal); // The row is the one that is meant.
        Assert.DoesNotContain("secret", row, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower("secret"u8), row, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(1_000_000)]
    public async Task A_response_of_any_length_comes_back_whole(int length)
    {
        var id = ResponseBench.NewId();
        using var kept = await Bench.PutAsync(id, ResponseBench.Content(id, "q", new string('é', length)));

        using var shown = await Bench.RetrieveAsync(id);

        var text = (await LearningFixture.JsonAsync(shown, 200)).GetProperty("output")[0].GetProperty("content")[0].GetProperty("text");
        Assert.Equal(length, text.GetString()!.Count(letter => letter == 'é'));
    }

    [Fact]
    public async Task The_same_response_again_changes_nothing_and_counts_once()
    {
        var id = ResponseBench.NewId();
        var content = ResponseBench.Content(id, "q", "first");
        using var first = await Bench.PutAsync(id, content);
        using var again = await Bench.PutAsync(id, ResponseBench.Content(id, "q", "second"));

        using var shown = await Bench.RetrieveAsync(id);

        Assert.Equal((204, 204), ((int)first.StatusCode, (int)again.StatusCode));
        Assert.Contains("first", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((1, Encoding.UTF8.GetByteCount(content)), await Bench.CountAsync());
    }

    [Fact]
    public async Task Requests_that_keep_at_once_count_each()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Bench.KeepAsync("q", $"a{number}")));

        Assert.Equal(40, (await Bench.CountAsync()).Responses);
    }

    [Fact]
    public async Task A_deleted_response_is_gone_at_once_and_is_not_brought_back()
    {
        var id = ResponseBench.NewId();
        var content = ResponseBench.Content(id, "q", "a");
        using var kept = await Bench.PutAsync(id, content);

        using var deleted = await Bench.SendAsync(HttpMethod.Delete, $"/v1/responses/{id}");
        using var late = await Bench.PutAsync(id, content);

        Assert.Equal($$"""{"id":"{{id}}","object":"response","deleted":true}""", await deleted.Content.ReadAsStringAsync());
        Assert.Equal(204, (int)late.StatusCode);
        foreach (var (method, path) in Routes(id))
        {
            using var response = await Bench.SendAsync(method, path);
            await AssertMissingAsync(response, id);
        }

        Assert.False(await learning.ReadAsync<bool>(
            "select content is not null or wrapped_key is not null from responses where id = $1", ResponseBench.Row(id)));
        Assert.Equal((0, 0), await Bench.CountAsync());
    }

    [Theory]
    [InlineData("resp_")]
    [InlineData("resp_0195aaaa00007000800000000000000d")]
    [InlineData("resp_00000000000000000000000000000000")]
    [InlineData("x")]
    [InlineData("file-0195aaaa00007000800000000000000d")]
    public async Task An_id_that_nothing_has_is_not_found_on_every_route(string id)
    {
        foreach (var (method, path) in Routes(id))
        {
            using var response = await Bench.SendAsync(method, path);
            await AssertMissingAsync(response, id);
        }
    }

    [Fact]
    public async Task A_response_of_another_project_or_organization_does_not_exist()
    {
        var id = await Bench.KeepAsync("q", "a");
        var sibling = new ResponseBench(learning) { Caller = Bench.Caller with { ProjectId = Guid.NewGuid() } };
        var thief = new ResponseBench(learning) { Caller = Bench.Caller with { OrganizationId = Guid.NewGuid() } };

        foreach (var other in new[] { sibling, thief })
        {
            foreach (var (method, path) in Routes(id))
            {
                using var response = await other.SendAsync(method, path);
                await AssertMissingAsync(response, id);
            }

            using var conversation = await other.ConverseAsync(id);
            Assert.Equal("previous_response_not_found", (await LearningFixture.ErrorAsync(conversation, 404)).Code);
            using var taken = await other.PutAsync(id, ResponseBench.Content(id, "q", "b"));
            Assert.Equal("response.id", (await LearningFixture.ErrorAsync(taken, 400)).Param);
        }

        using var own = await Bench.RetrieveAsync(id);
        Assert.Equal(200, (int)own.StatusCode);
    }

    [Fact]
    public async Task A_response_that_has_ended_cannot_be_cancelled()
    {
        var id = await Bench.KeepAsync("q", "a");

        using var response = await Bench.SendAsync(HttpMethod.Post, $"/v1/responses/{id}/cancel");

        Assert.Equal((null, null, "Cannot cancel a synchronous response."), await LearningFixture.ErrorAsync(response, 400));
    }

    [Theory]
    [InlineData("?include[]=message.output_text.logprobs&include[]=reasoning.encrypted_content")]
    [InlineData("?include[0]=message.output_text.logprobs&include=web_search_call.results")]
    [InlineData("?stream=false&starting_after=3&include_obfuscation=true")]
    public async Task A_query_that_cannot_change_the_answer_is_taken(string query)
    {
        var id = await Bench.KeepAsync("q", "a");

        using var response = await Bench.RetrieveAsync(id, query);

        Assert.Equal(200, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("?stream=true", "stream")]
    [InlineData("?stream=1", "stream")]
    [InlineData("?starting_after=-1", "starting_after")]
    [InlineData("?include_obfuscation=x", "include_obfuscation")]
    [InlineData("?include[]=everything", "include")]
    [InlineData("?stream=false&stream=false", "stream")]
    [InlineData("?expand=1", "expand")]
    public async Task A_query_that_is_wrong_is_refused_by_name(string query, string param)
    {
        var id = await Bench.KeepAsync("q", "a");

        using var response = await Bench.RetrieveAsync(id, query);

        Assert.Equal(param, (await LearningFixture.ErrorAsync(response, 400)).Param);
    }

    [Theory]
    [InlineData("[]", "input")]
    [InlineData("""{"response":{}}""", "input")]
    [InlineData("""{"input":[1],"response":{}}""", "input")]
    [InlineData("""{"input":[{"type":"message"}],"response":{}}""", "input")]
    [InlineData("""{"input":[]}""", "response")]
    [InlineData("""{"input":[],"response":{"id":"ID","model":"m","status":"completed"}}""", "response.output")]
    [InlineData("""{"input":[],"response":{"id":"resp_x","model":"m","status":"completed","output":[]}}""", "response.id")]
    [InlineData("""{"input":[],"response":{"id":"ID","status":"completed","output":[]}}""", "response.model")]
    [InlineData("""{"input":[],"response":{"id":"ID","model":"m","output":[]}}""", "response.status")]
    [InlineData(
        """{"input":[],"response":{"id":"ID","model":"m","status":"completed","output":[],"previous_response_id":"x"}}""",
        "response.previous_response_id")]
    [InlineData("{", null)]
    public async Task A_content_that_is_wrong_is_refused_by_name_and_not_kept(string content, string? param)
    {
        var id = ResponseBench.NewId();

        using var response = await Bench.PutAsync(id, content.Replace("ID", id, StringComparison.Ordinal));

        Assert.Equal(param, (await LearningFixture.ErrorAsync(response, 400)).Param);
        Assert.Equal((0, 0), await Bench.CountAsync());
    }

    [Fact]
    public async Task A_content_that_was_changed_in_the_database_is_refused_as_damaged()
    {
        var id = await Bench.KeepAsync("q", "a");
        await learning.ExecuteAsync(
            $"update responses set content = set_byte(content, 20, get_byte(content, 20) # 1) where id = '{ResponseBench.Row(id)}'");

        using var response = await Bench.RetrieveAsync(id);
        using var conversation = await Bench.ConverseAsync(id);

        Assert.Equal("response_damaged", (await LearningFixture.ErrorAsync(response, 500)).Code);
        Assert.Equal("response_damaged", (await LearningFixture.ErrorAsync(conversation, 500)).Code);
    }

    [Fact]
    public async Task All_responses_of_a_project_are_destroyed_together_and_no_others()
    {
        var (first, second) = (await Bench.KeepAsync("q", "a"), await Bench.KeepAsync("q", "b"));
        var sibling = new ResponseBench(learning) { Caller = Bench.Caller with { ProjectId = Guid.NewGuid() } };
        var other = await sibling.KeepAsync("q", "c");
        using var request = LearningFixture.Request(Bench.Caller, HttpMethod.Delete, "/internal/responses");
        request.Headers.Authorization = Tollgate.Testing.TestBearers.Header("accounts", "learning");

        using var answer = await learning.Http.SendAsync(request);

        Assert.Equal(2, (await LearningFixture.JsonAsync(answer, 200)).GetProperty("deleted").GetInt32());
        foreach (var id in new[] { first, second })
        {
            using var gone = await Bench.RetrieveAsync(id);
            await AssertMissingAsync(gone, id);
        }

        using var left = await sibling.RetrieveAsync(other);
        Assert.Equal(200, (int)left.StatusCode);
        Assert.Equal(1, (await Bench.CountAsync()).Responses);
    }

    private static (HttpMethod Method, string Path)[] Routes(string id) =>
    [
        (HttpMethod.Get, $"/v1/responses/{id}"), (HttpMethod.Delete, $"/v1/responses/{id}"),
        (HttpMethod.Post, $"/v1/responses/{id}/cancel"), (HttpMethod.Get, $"/v1/responses/{id}/input_items"),
    ];

    private static async Task AssertMissingAsync(HttpResponseMessage response, string id) =>
        Assert.Equal((null, null, $"Response with id '{id}' not found."), await LearningFixture.ErrorAsync(response, 404));
}
