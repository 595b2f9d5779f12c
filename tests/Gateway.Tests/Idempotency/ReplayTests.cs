using System.Text;
using Tollgate.Contracts.Idempotency;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Idempotency;

/// <summary>What a second request with the same idempotency key gets once the first one is answered.</summary>
public sealed class ReplayTests(IdempotencyBench bench) : IClassFixture<IdempotencyBench>
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"text-davinci-002","messages":[{"role":"user","content":"Guess me"}]}""";
    private const string Streamed =
        """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}],"stream":true,"max_tokens":20}""";
    private readonly string _idempotencyKey = Guid.NewGuid().ToString();

    private GatewayUnderTest Gateway => bench.Gateway;

    [Fact]
    public async Task An_answer_is_sent_again_byte_for_byte_and_billed_once()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync($$"""{"id":"{{Guid.NewGuid()}}","text":"Grüße"}""", new Units(9, Output: 4));

        var first = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        var second = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        var other = await bench.PostAsync(key, Chat, Hello, _idempotencyKey + "x");
        await Gateway.Plane.WaitForUsageAsync(other.RequestId);

        Assert.Equal((200, false, null), (first.Status, first.Replayed, first.OriginalRequestId));
        Assert.Equal((200, true, first.RequestId), (second.Status, second.Replayed, second.OriginalRequestId));
        Assert.Equal(first.Body, second.Body);
        Assert.Equal(first.ContentType, second.ContentType);
        Assert.NotEqual(first.RequestId, second.RequestId);
        Assert.NotEqual(first.Text, other.Text);
        Assert.Equal([first.RequestId, other.RequestId], BilledOf(key).Select(row => $"req_{row.RequestId:N}"));
    }

    [Fact]
    public async Task A_stream_is_sent_again_byte_for_byte_with_its_end()
    {
        const string Events = "id: 0\ndata: {\"t\":\"\"}\n\nid: 1\ndata: {\"t\":\"ö\"}\n\n: keep-alive\n\n"
            + "id: 5\ndata: {}\n\nid: 5\ndata: [DONE]\n\n";
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(9));
            for (var at = 0; at < Events.Length; at += 7)
            {
                await call.ChunkAsync(Events.Substring(at, Math.Min(7, Events.Length - at)));
            }

            await call.EndAsync();
        };

        var first = await bench.PostAsync(key, Chat, Streamed, _idempotencyKey);
        var second = await bench.PostAsync(key, Chat, Streamed, _idempotencyKey);
        await Gateway.Plane.WaitForUsageAsync(first.RequestId);

        Assert.Equal(Events, first.Text);
        Assert.Equal((Events, true, "text/event-stream; charset=utf-8"), (second.Text, second.Replayed, second.ContentType));
        Assert.Single(BilledOf(key));
    }

    [Fact]
    public async Task Embeddings_are_sent_again_with_their_models_name()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync("""{"data":[]}""", new Units(3));
        const string Body = """{"model":"text-embedding-ada-002","input":"Hi"}""";

        await bench.PostAsync(key, "/v1/embeddings", Body, _idempotencyKey);
        var second = await bench.PostAsync(key, "/v1/embeddings", Body, _idempotencyKey);

        Assert.Equal((true, "tiny-embed"), (second.Replayed, second.Header("openai-model")));
    }

    [Fact]
    public async Task Another_body_or_route_under_the_same_key_is_a_conflict_and_another_api_key_is_not()
    {
        var (key, stranger) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        var first = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);

        var body = await bench.PostAsync(key, Chat, Hello + " ", _idempotencyKey);
        var route = await bench.PostAsync(key, "/v1/embeddings", """{"model":"tiny-embed","input":"Hi"}""", _idempotencyKey);
        Gateway.Plane.Answers.Forget();
        var claimed = await bench.PostAsync(key, Chat, Hello + " ", _idempotencyKey); // Redis knows it too.
        var strangers = await bench.PostAsync(stranger, Chat, Hello, _idempotencyKey);

        Assert.All([body, route, claimed], answer =>
        {
            Assert.Equal((409, "idempotency_key_reused", "false"), (answer.Status, answer.Code, answer.ShouldRetry));
            Assert.Contains(first.RequestId, answer.Text, StringComparison.Ordinal);
        });
        Assert.Equal((200, false), (strangers.Status, strangers.Replayed));
    }

    [Theory]
    [InlineData(IdempotentAnswers.MostBytes, true)]
    [InlineData(IdempotentAnswers.MostBytes + 1, false)]
    public async Task An_answer_is_kept_up_to_its_limit_and_beyond_it_only_that_there_was_one(int bytes, bool kept)
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync(new string('x', bytes), new Units(9, Output: 4));

        var first = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        var second = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await bench.ExpireAsync(key);
        var later = await bench.PostAsync(key, Chat, Hello, _idempotencyKey); // The store remembers by itself.

        Assert.Equal((200, bytes), (first.Status, first.Body.Length));
        Assert.All([second, later], answer =>
        {
            Assert.Equal((kept ? 200 : 409, kept), (answer.Status, answer.Replayed));
            Assert.Equal(kept ? null : "idempotency_answer_not_kept", answer.Code);
            Assert.Equal(kept ? bytes : answer.Body.Length, answer.Body.Length);
        });
        Assert.Contains(kept ? "x" : first.RequestId, second.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_beyond_the_limit_goes_out_whole_and_is_remembered_as_done()
    {
        var key = await Gateway.CreateKeyAsync();
        var text = new string('x', 20_000);
        Gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(9));
            for (var id = 1; id <= 15; id++)
            {
                await call.ChunkAsync($"id: {id}\ndata: {text}\n\n");
            }

            await call.ChunkAsync("data: [DONE]\n\n");
            await call.EndAsync();
        };

        var first = await bench.PostAsync(key, Chat, Streamed, _idempotencyKey);
        var second = await bench.PostAsync(key, Chat, Streamed, _idempotencyKey);

        Assert.EndsWith("data: [DONE]\n\n", first.Text, StringComparison.Ordinal);
        Assert.True(first.Body.Length > 15 * 20_000);
        Assert.Equal((409, "idempotency_answer_not_kept"), (second.Status, second.Code));
        Assert.InRange(Gateway.Plane.Answers.Of(key.Record.OrganizationId).Single().Sealed.Length, 1, 200);
    }

    [Fact]
    public async Task A_key_may_be_used_anew_when_its_answer_is_past_its_time()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        var first = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await bench.DoneAsync(key);
        var lives = long.Parse((await bench.ClaimsAsync(key)).Values.Single().Split(' ')[1])
            - TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

        await bench.ExpireAsync(key);
        Gateway.Plane.Answers.Forget();
        var second = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);

        Assert.InRange(lives, 0, 61_000); // The till forgets an answer that the store has.
        Assert.Equal((200, false), (second.Status, second.Replayed));
        Assert.NotEqual(first.RequestId, second.RequestId);
    }

    [Fact]
    public async Task An_answer_that_could_not_be_kept_goes_out_and_is_remembered_as_done()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = async call =>
        {
            Gateway.Plane.Answers.IsAway = true;
            await call.AnswerAsync("{}", new Units(9, Output: 4));
        };

        var first = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        Gateway.Plane.Answers.IsAway = false;
        var second = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await bench.DoneAsync(key);
        var claim = (await bench.ClaimsAsync(key)).Values.Single().Split(' ');

        Assert.Equal(200, first.Status);
        Assert.Equal((409, "idempotency_answer_not_kept", "false"), (second.Status, second.Code, second.ShouldRetry));
        Assert.Contains(first.RequestId, second.Text, StringComparison.Ordinal);
        Assert.InRange(
            long.Parse(claim[1]) - TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), 86_000_000, 86_401_000); // For a day.
    }

    [Fact]
    public async Task Without_the_store_only_requests_with_a_key_are_refused()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        Gateway.Plane.Answers.IsAway = true;
        var before = Gateway.Worker.Calls.Count;

        var refused = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        using var plain = await Gateway.PostAsync(key, Chat, Hello);
        Gateway.Plane.Answers.IsAway = false;
        var afterwards = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);

        Assert.Equal((503, "idempotency_unavailable", "1"), (refused.Status, refused.Code, refused.RetryAfter));
        Assert.True(plain.IsSuccessStatusCode);
        Assert.Equal((200, false), (afterwards.Status, afterwards.Replayed));
        Assert.Equal(before + 2, Gateway.Worker.Calls.Count);
    }

    [Fact]
    public async Task An_answer_is_found_without_Redis_memory_and_not_when_it_was_changed()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        var first = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);

        await bench.ExpireAsync(key);
        var second = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        Gateway.Plane.Answers.Damage();
        var third = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);

        Assert.Equal((true, first.RequestId), (second.Replayed, second.OriginalRequestId));
        Assert.Equal((409, "idempotency_answer_not_kept"), (third.Status, third.Code));
    }

    [Fact]
    public async Task A_replay_needs_what_the_request_needed_and_counts_as_one()
    {
        var key = await Gateway.CreateKeyAsync(record => record with { Limits = new Limits { RequestsPerMinute = 3 } });
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        var second = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);

        await Gateway.PublishAsync(key.Record with
        {
            Version = GatewayUnderTest.NextVersion(),
            ModelsDenied = ["tiny-assistant"],
        });
        var denied = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        var known = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await Gateway.PublishAsync(key.Record with { Version = GatewayUnderTest.NextVersion() });
        var third = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        var fourth = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);

        Assert.True(second.Replayed);
        Assert.Equal((404, 404), (denied.Status, known.Status)); // Refused by the renewed record, then by what is remembered of it.
        Assert.Equal(("model_not_found", "model_not_found"), (denied.Code, known.Code));
        Assert.Contains(429, new[] { third.Status, fourth.Status });
    }

    [Fact]
    public async Task Neither_key_nor_prompt_nor_answer_lies_readable_in_Redis_or_in_the_store()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync("""{"secret":"answer"}""", new Units(9, Output: 4));
        await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await bench.DoneAsync(key);

        var stored = Encoding.Latin1.GetString(Gateway.Plane.Answers.Of(key.Record.OrganizationId).Single().Sealed);
        var claims = string.Concat(await bench.ClaimsAsync(key));

        Assert.All(["Guess me", "secret", _idempotencyKey, "tiny-assistant"], text =>
        {
            Assert.DoesNotContain(text, stored, StringComparison.Ordinal);
            Assert.DoesNotContain(text, claims, StringComparison.Ordinal);
        });
    }

    private IEnumerable<UsageEvent> BilledOf(TestKey key) =>
        Gateway.Plane.Booked.Where(row => row.OrganizationId == key.Record.OrganizationId);
}
