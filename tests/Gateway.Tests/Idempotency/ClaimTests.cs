using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Idempotency;

/// <summary>Who may run under an idempotency key, and what becomes of the key when the request does not end well.</summary>
public sealed class ClaimTests(IdempotencyBench bench) : IClassFixture<IdempotencyBench>
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";
    private const string Streamed =
        """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}],"stream":true,"max_tokens":20}""";
    private readonly string _idempotencyKey = Guid.NewGuid().ToString();

    private GatewayUnderTest Gateway => bench.Gateway;

    [Fact]
    public async Task A_running_request_is_named_to_the_next_one_and_answers_it_later()
    {
        var key = await Gateway.CreateKeyAsync();
        var (started, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        Gateway.Worker.Script = async call =>
        {
            started.SetResult();
            await go.Task;
            await call.AnswerAsync("""{"n":1}""", new Units(9, Output: 4));
        };

        var running = bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await started.Task;
        var meanwhile = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        var mismatch = await bench.PostAsync(key, Chat, Hello + " ", _idempotencyKey);
        go.SetResult();
        var first = await running;
        var later = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);

        Assert.Equal((409, "idempotency_key_in_use"), (meanwhile.Status, meanwhile.Code));
        Assert.Equal(("1", "true"), (meanwhile.RetryAfter, meanwhile.ShouldRetry));
        Assert.Contains(first.RequestId, meanwhile.Text, StringComparison.Ordinal);
        Assert.Equal((409, "idempotency_key_reused"), (mismatch.Status, mismatch.Code));
        Assert.Equal(("""{"n":1}""", first.RequestId), (later.Text, later.OriginalRequestId));
    }

    [Fact]
    public async Task No_byte_of_the_end_goes_out_before_the_answer_is_kept()
    {
        var key = await Gateway.CreateKeyAsync();
        var (asked, keep, read) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        Gateway.Plane.Answers.BeforeKeep = () =>
        {
            asked.SetResult();
            return keep.Task;
        };
        Gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(9));
            await call.ChunkAsync("id: 1\ndata: {}\n\n");
            await read.Task;
            await call.ChunkAsync("data: [DONE]\n\n");
            await call.EndAsync();
        };

        using var request = GatewayUnderTest.Post(key, Chat, Streamed);
        request.Headers.Add("Idempotency-Key", _idempotencyKey);
        using var response = await Gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var first = new byte[100];
        var length = await stream.ReadAsync(first);
        read.SetResult();
        var rest = stream.ReadAsync(new byte[100]).AsTask();
        await asked.Task;
        var meanwhile = await bench.PostAsync(key, Chat, Streamed, _idempotencyKey);
        var (early, billedEarly) = (rest.IsCompleted, Gateway.Plane.Booked.Any(row => row.OrganizationId == key.Record.OrganizationId));
        keep.SetResult();
        Gateway.Plane.Answers.BeforeKeep = () => Task.CompletedTask;
        var row = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());

        Assert.Equal("id: 1\ndata: {}\n\n", Encoding.UTF8.GetString(first, 0, length));
        Assert.False(early);
        Assert.False(billedEarly); // Should this gateway die now, the client has paid for nothing that it has not.
        Assert.Equal(Outcome.Completed, row.Outcome);
        Assert.Equal((409, "idempotency_key_in_use"), (meanwhile.Status, meanwhile.Code));
        Assert.True(await rest > 0);
    }

    [Fact]
    public async Task A_client_that_left_mid_stream_may_ask_again_and_gets_an_answer_of_its_own()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.OnCancel = _ => new Cancelled(true, new Units(9, Output: 2));
        Gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(9));
            await call.ChunkAsync("id: 1\ndata: {}\n\n");
            await call.WaitForResetAsync();
        };
        string left;
        using (var request = GatewayUnderTest.Post(key, Chat, Streamed))
        {
            request.Headers.Add("Idempotency-Key", _idempotencyKey);
            using var response = await Gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await response.Content.ReadAsStreamAsync();
            await stream.ReadExactlyAsync(new byte["id: 1\ndata: {}\n\n".Length]);
            left = response.Headers.GetValues("x-request-id").Single();
        }

        var leftRow = await Gateway.Plane.WaitForUsageAsync(left);
        await bench.NoClaimAsync(key);
        Gateway.Worker.Script = WholeStreamAsync;
        var retry = await bench.PostAsync(key, Chat, Streamed, _idempotencyKey);
        var retryRow = await Gateway.Plane.WaitForUsageAsync(retry.RequestId);

        Assert.Equal((200, false), (retry.Status, retry.Replayed));
        Assert.Equal((Outcome.ClientLeft, 2L), (leftRow.Outcome, leftRow.Units.Completion));
        Assert.Equal((Outcome.Completed, 3L), (retryRow.Outcome, retryRow.Units.Completion));
    }

    [Theory]
    [InlineData(Streamed, "")] // Ends without [DONE]: an error frame.
    [InlineData(Hello,
        """{"error":{"message":"Too long.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""")]
    public async Task A_request_that_failed_leaves_its_key_to_the_next(string body, string refusal)
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = async call =>
        {
            if (refusal.Length > 0)
            {
                await call.AnswerAsync(refusal, status: 400);
                return;
            }

            await call.StartStreamAsync(new Units(9));
            await call.ChunkAsync("id: 1\ndata: {}\n\n");
            await call.EndAsync();
        };
        var failed = await bench.PostAsync(key, Chat, body, _idempotencyKey);
        await bench.NoClaimAsync(key);
        Gateway.Worker.Script = call => refusal.Length > 0 ? call.AnswerAsync("{}", new Units(1, Output: 1)) : WholeStreamAsync(call);

        var retry = await bench.PostAsync(key, Chat, body, _idempotencyKey);

        Assert.Contains("error", failed.Text, StringComparison.Ordinal);
        Assert.Equal((200, false), (retry.Status, retry.Replayed));
        Assert.DoesNotContain("error", retry.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_request_claims_nothing()
    {
        var key = await Gateway.CreateKeyAsync(record => record with { Limits = new() { TokensPerMinute = 10 } });

        var tooLarge = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        var malformed = await bench.PostAsync(key, Chat, "{", _idempotencyKey);

        Assert.Equal((429, 400), (tooLarge.Status, malformed.Status));
        Assert.Empty(await bench.ClaimsAsync(key));
    }

    [Fact]
    public async Task Of_twenty_at_once_one_runs_and_is_billed()
    {
        var key = await Gateway.CreateKeyAsync();
        var before = Gateway.Worker.Calls.Count;
        Gateway.Worker.Script = call => call.AnswerAsync("""{"n":1}""", new Units(9, Output: 4));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bench.PostAsync(key, Chat, Hello, _idempotencyKey)));
        var ran = Assert.Single(answers, answer => answer.Status == 200 && !answer.Replayed);
        await Gateway.Plane.WaitForUsageAsync(ran.RequestId);

        Assert.All(answers, answer => Assert.True(
            answer.Text == ran.Text || (answer.Status, answer.Code) == (409, "idempotency_key_in_use"), answer.Text));
        Assert.Equal(before + 1, Gateway.Worker.Calls.Count);
        Assert.Single(Gateway.Plane.Booked, row => row.OrganizationId == key.Record.OrganizationId);
    }

    [Fact]
    public async Task Of_two_gateways_one_runs_it_and_the_other_sends_its_answer_again()
    {
        await using var other = await GatewayUnderTest.StartAsync(1, $"--Services:billing={Gateway.Plane.Url}");
        var key = await Gateway.CreateKeyAsync();
        var (started, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        Gateway.Worker.Script = async call =>
        {
            started.SetResult();
            await go.Task;
            await call.AnswerAsync("{}", new Units(9, Output: 4));
        };

        var running = bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await started.Task;
        var meanwhile = await bench.PostAsync(key, Chat, Hello, _idempotencyKey, other);
        go.SetResult();
        var first = await running;
        var later = await bench.PostAsync(key, Chat, Hello, _idempotencyKey, other);

        Assert.Equal((409, "idempotency_key_in_use"), (meanwhile.Status, meanwhile.Code));
        Assert.Equal((true, first.RequestId), (later.Replayed, later.OriginalRequestId));
        Assert.Empty(other.Worker.Calls);
    }

    [Fact]
    public async Task What_was_answered_between_look_up_and_admission_is_sent_again()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        var (looked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        Gateway.Plane.Answers.AfterFind = () => // The first look-up has its answer, none, and is held up with it.
        {
            Gateway.Plane.Answers.AfterFind = () => Task.CompletedTask;
            looked.SetResult();
            return go.Task;
        };

        var late = bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await looked.Task;
        var first = await bench.PostAsync(key, Chat, Hello, _idempotencyKey);
        await bench.DoneAsync(key);
        go.SetResult();

        Assert.False(first.Replayed);
        Assert.Equal((true, first.RequestId), ((await late).Replayed, (await late).OriginalRequestId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData(null)] // 256 characters.
    public async Task A_key_that_is_none_is_told_so(string? text)
    {
        var key = await Gateway.CreateKeyAsync();
        var before = Gateway.Worker.Calls.Count;

        var answer = await bench.PostAsync(key, Chat, Hello, text ?? new string('k', 256));
        using var listed = GatewayUnderTest.Post(key, "/v1/models", "");
        (listed.Method, listed.Content) = (HttpMethod.Get, null);
        listed.Headers.TryAddWithoutValidation("Idempotency-Key", "two words");
        using var models = await Gateway.Http.SendAsync(listed);

        Assert.Equal((400, "invalid_idempotency_key"), (answer.Status, answer.Code));
        Assert.True(models.IsSuccessStatusCode); // A GET has no use for one.
        Assert.Equal(before, Gateway.Worker.Calls.Count);
    }

    [Fact]
    public async Task A_key_of_255_characters_is_one_and_two_keys_are_none()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        using var twice = GatewayUnderTest.Post(key, Chat, Hello);
        twice.Headers.Add("Idempotency-Key", ["one", "two"]);

        var longest = await bench.PostAsync(key, Chat, Hello, new string('~', 255));
        using var answer = await Gateway.Http.SendAsync(twice);

        Assert.Equal((200, 400), (longest.Status, (int)answer.StatusCode));
    }

    private static async Task WholeStreamAsync(WorkerCall call)
    {
        await call.StartStreamAsync(new Units(9));
        await call.ChunkAsync("id: 3\ndata: {}\n\ndata: [DONE]\n\n");
        await call.EndAsync();
    }
}
