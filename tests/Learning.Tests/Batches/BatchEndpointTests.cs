using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Learning.Tests.Batches;

/// <summary>The wire of <c>/v1/batches</c>.</summary>
public sealed class BatchEndpointTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    [Fact]
    public async Task A_new_batch_is_validating_with_all_members_of_the_wire()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Batches=0");
        var file = await bench.UploadAsync(BatchBench.Lines(1));

        using var response = await bench.OrderAsync(
            file, more: ""","metadata":{"a":"b"},"output_expires_after":{"anchor":"created_at","seconds":3600}""");
        var batch = await LearningFixture.JsonAsync(response, 200);

        Assert.Equal(
            [
                "cancelled_at", "cancelling_at", "completed_at", "completion_window", "cost_usd", "created_at", "endpoint", "error_file_id",
                "errors", "expired_at", "expires_at", "failed_at", "finalizing_at", "id", "in_progress_at", "input_file_id", "metadata",
                "model", "object", "output_file_id", "request_counts", "status", "usage",
            ],
            batch.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ("batch", "validating", "24h", file),
            (batch.GetProperty("object").GetString(), batch.GetProperty("status").GetString(),
                batch.GetProperty("completion_window").GetString(), batch.GetProperty("input_file_id").GetString()));
        Assert.Equal(24 * 3600, batch.GetProperty("expires_at").GetInt64() - batch.GetProperty("created_at").GetInt64());
        Assert.Equal((0, 0, 0), BatchBench.Counts(batch));
    }

    [Theory]
    [InlineData("""{"endpoint":"/v1/chat/completions","completion_window":"24h"}""", "input_file_id")]
    [InlineData("""{"input_file_id":1,"endpoint":"/v1/chat/completions","completion_window":"24h"}""", "input_file_id")]
    [InlineData("""{"input_file_id":"","endpoint":"/v1/chat/completions","completion_window":"24h"}""", "input_file_id")]
    [InlineData("""{"input_file_id":"f","completion_window":"24h"}""", "endpoint")]
    [InlineData("""{"input_file_id":"f","endpoint":["/v1/embeddings"],"completion_window":"24h"}""", "endpoint")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/responses/resp_1","completion_window":"24h"}""", "endpoint")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/audio/translations","completion_window":"24h"}""", "endpoint")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings"}""", "completion_window")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":24}""", "completion_window")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"1h"}""", "completion_window")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","metadata":"x"}""", "metadata")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","metadata":{"a":1}}""", "metadata.a")]
    [InlineData(
        """{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","output_expires_after":3}""",
        "output_expires_after")]
    [InlineData(
        """{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","output_expires_after":{"seconds":3600}}""",
        "output_expires_after.anchor")]
    [InlineData(
        """
        {"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h",
        "output_expires_after":{"anchor":"created_at","seconds":1}}
        """,
        "output_expires_after.seconds")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","priority":1}""", "priority")]
    public async Task A_member_of_a_wrong_type_or_value_is_refused_by_name(string body, string param)
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Batches=0");

        using var response = await bench.SendAsync(HttpMethod.Post, "/v1/batches", LearningFixture.Json(body));

        Assert.Equal(param, (await LearningFixture.ErrorAsync(response, 400)).Param);
    }

    [Fact]
    public async Task Metadata_has_the_bounds_of_OpenAI()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Batches=0");
        var file = await bench.UploadAsync(BatchBench.Lines(1));
        string Pairs(int count, int name, int value) => ",\"metadata\":{" + string.Join(
            ',', Enumerable.Range(0, count).Select(i => $"\"{i:00}{new string('n', name - 2)}\":\"{new string('v', value)}\"")) + "}";

        using var most = await bench.OrderAsync(file, more: Pairs(16, 64, 512));
        using var tooMany = await bench.OrderAsync(file, more: Pairs(17, 64, 1));
        using var tooLongName = await bench.OrderAsync(file, more: Pairs(1, 65, 1));
        using var tooLongValue = await bench.OrderAsync(file, more: Pairs(1, 5, 513));

        Assert.Equal(16, (await LearningFixture.JsonAsync(most, 200)).GetProperty("metadata").EnumerateObject().Count());
        Assert.All([tooMany, tooLongName], response => Assert.Equal(400, (int)response.StatusCode));
        Assert.StartsWith("metadata.00", (await LearningFixture.ErrorAsync(tooLongValue, 400)).Param, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_a_sound_file_of_purpose_batch_of_the_keys_project_is_an_input()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Batches=0");
        var foreign = await bench.UploadAsync(BatchBench.Lines(1), LearningFixture.NewCaller());
        var twice = await bench.UploadAsync(BatchBench.Line("a", 1) + BatchBench.Line("a", 2));

        var errors = new List<(string? Code, string? Param, string Message)>
        {
            await RefusedAsync(foreign, 404),
            await RefusedAsync("file-0195aaaa00007000800000000000000f", 404),
            await RefusedAsync("no id", 404),
            await RefusedAsync(await bench.UploadAsync(BatchBench.Lines(1), purpose: "user_data"), 400),
            await RefusedAsync(twice, 400),
        };

        Assert.All(errors, error => Assert.Equal("input_file_id", error.Param));
        Assert.Contains("purpose is 'user_data'", errors[3].Message, StringComparison.Ordinal);
        Assert.Contains("The custom_id 'a' stands on line 1 already", errors[4].Message, StringComparison.Ordinal);

        async Task<(string? Code, string? Param, string Message)> RefusedAsync(string file, int status)
        {
            using var response = await bench.OrderAsync(file);
            return await LearningFixture.ErrorAsync(response, status);
        }
    }

    [Fact]
    public async Task The_keys_scopes_must_allow_the_endpoint_of_the_lines_too()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Batches=0");
        var file = await bench.UploadAsync(BatchBench.Lines(1));

        using var refused = await bench.OrderAsync(file, scopes: "batches,files,embeddings");
        using var taken = await bench.OrderAsync(file, scopes: "batches,chat.completions");

        var (code, param, _) = await LearningFixture.ErrorAsync(refused, 403);
        Assert.Equal(("missing_scope", "endpoint"), (code, param));
        Assert.Equal(200, (int)taken.StatusCode);
    }

    [Fact]
    public async Task Lines_of_another_endpoint_fail_the_batch_by_name()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        using var made = await bench.OrderAsync(await bench.UploadAsync(BatchBench.Lines(3)), "/v1/embeddings");
        var id = (await LearningFixture.JsonAsync(made, 200)).GetProperty("id").GetString()!;

        var batch = await bench.UntilAsync(id, "failed");

        var error = batch.GetProperty("errors").GetProperty("data")[0];
        Assert.Equal(("mismatched_endpoint", "endpoint"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Equal((0, 0, 0), BatchBench.Counts(batch));
        Assert.Equal(JsonValueKind.Null, batch.GetProperty("output_file_id").ValueKind);
        Assert.DoesNotContain(bench.Gateway.Calls, call => call.IdempotencyKey.Contains(id["batch_".Length..], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_project_finds_no_batch_and_cancels_none()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Batches=0");
        var id = await bench.CreateAsync(BatchBench.Lines(1));
        var neighbour = bench.Caller with { ProjectId = Guid.NewGuid() };

        using var shown = await bench.SendAsync(HttpMethod.Get, $"/v1/batches/{id}", caller: neighbour);
        using var cancelled = await bench.SendAsync(HttpMethod.Post, $"/v1/batches/{id}/cancel", caller: neighbour);
        using var listed = await bench.SendAsync(HttpMethod.Get, "/v1/batches", caller: neighbour);

        Assert.Equal($"No such Batch object: {id}", (await LearningFixture.ErrorAsync(shown, 404)).Message);
        Assert.Equal(404, (int)cancelled.StatusCode);
        Assert.Empty((await LearningFixture.JsonAsync(listed, 200)).GetProperty("data").EnumerateArray());
        Assert.Equal("validating", (await bench.ShowAsync(id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_list_visits_each_batch_once_and_refuses_other_limits()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Batches=0");
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Insert(0, await bench.CreateAsync(BatchBench.Lines(1)));
        }

        var (seen, after, more) = (new List<string>(), "", true);
        while (more)
        {
            using var response = await bench.SendAsync(HttpMethod.Get, $"/v1/batches?limit=2{after}");
            var page = await LearningFixture.JsonAsync(response, 200);
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(batch => batch.GetProperty("id").GetString()!));
            (after, more) = ($"&after={page.GetProperty("last_id").GetString()}", page.GetProperty("has_more").GetBoolean());
        }

        Assert.Equal(ids, seen);
        foreach (var (query, param) in ((string, string)[])
            [("limit=0", "limit"), ("limit=-1", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("limit=1&limit=1", "limit"),
                ("after=file-1", "after"), ("before=x", "before")])
        {
            using var response = await bench.SendAsync(HttpMethod.Get, $"/v1/batches?{query}");
            Assert.Equal(param, (await LearningFixture.ErrorAsync(response, 400)).Param);
        }
    }

    [Fact]
    public async Task Limits_of_batches_and_of_queued_lines_are_named()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:MaxBatches=2", "--Batches:MaxQueuedLines=10");
        bench.Gateway.Script = _ => Task.FromResult<ScriptedAnswer?>(
            ScriptedAnswer.Of(OpenAiError.ModelUnavailable("m", TimeSpan.FromMinutes(1))));
        await bench.UntilAsync(await bench.CreateAsync(BatchBench.Lines(6)), "in_progress");
        var tooManyLines = await bench.UntilAsync(await bench.CreateAsync(BatchBench.Lines(5)), "failed");
        await bench.UntilAsync(await bench.CreateAsync(BatchBench.Lines(3)), "in_progress");

        using var tooMany = await bench.OrderAsync(await bench.UploadAsync(BatchBench.Lines(1)));

        var error = tooManyLines.GetProperty("errors").GetProperty("data")[0];
        Assert.Equal(
            ("too_many_queued_lines", "input_file_id"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Contains(
            "may be 10 together (Batches:MaxQueuedLines). 6 wait, and this file has 5.", error.GetProperty("message").GetString()!,
            StringComparison.Ordinal);
        var (code, param, message) = await LearningFixture.ErrorAsync(tooMany, 400);
        Assert.Equal(("too_many_batches", "input_file_id"), (code, param));
        Assert.Contains("2 batches that have not ended", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_of_a_file_can_be_read()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Batches=0");
        var lines = string.Concat(Enumerable.Range(1, 150).Select(i => $"{{\"custom_id\":\"{i}\"}}\n"));

        var file = await bench.UploadAsync(lines);
        using var shown = await bench.SendAsync(HttpMethod.Get, $"/v1/files/{file}");
        using var response = await bench.SendAsync(HttpMethod.Get, $"/v1/files/{file}/validation");
        var report = await LearningFixture.JsonAsync(response, 200);

        var details = (await LearningFixture.JsonAsync(shown, 200)).GetProperty("status_details").GetString()!;
        Assert.StartsWith("Line 1, column ", details, StringComparison.Ordinal);
        Assert.Contains("And 440 more: GET", details, StringComparison.Ordinal); // 3 faults a line, 10 of them shown.
        Assert.Equal(450, report.GetProperty("fault_count").GetInt32());
        Assert.Equal(450, report.GetProperty("faults").GetArrayLength());
        Assert.Equal(150, report.GetProperty("faults")[449].GetProperty("line").GetInt32());
    }
}
