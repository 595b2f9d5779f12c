using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Grammars.Schemas;
using Tollgate.Testing;
using Xunit.Abstractions;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>A real model that draws nearly at random is held to every schema of the corpus.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class SchemaAnswerTests(WorkerFixture worker, ITestOutputHelper output)
{
    private const string Path = "/v1/chat/completions";
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 16 };

    [Fact]
    public async Task Every_answer_that_ends_by_itself_is_valid_and_nearly_all_end_so()
    {
        var (wrong, unended, tokens) = (new ConcurrentBag<string>(), new ConcurrentBag<string>(), 0L);

        await Parallel.ForEachAsync(SchemaCorpus.Cases.Index(), AtOnce, async (item, stop) =>
        {
            var (number, schema) = item;
            using var response = await worker.PostAsync(
                Path, Ask(("response_format", Format(schema)), number), cancellationToken: stop);
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(stop))!;
            Assert.True(response.IsSuccessStatusCode, $"{schema.Name}: {answer.ToJsonString()}");
            Interlocked.Add(ref tokens, (long)answer["usage"]!["completion_tokens"]!);
            var choice = answer["choices"]![0]!;
            var text = (string)choice["message"]!["content"]!;
            if ((string)choice["finish_reason"]! != "stop")
            {
                unended.Add($"{schema.Name}: {text}");
            }
            else if (!new SchemaValidator(schema.Schema).Allows(text))
            {
                wrong.Add($"{schema.Name}: {text}");
            }
        });

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{SchemaCorpus.Cases.Count} schemas, {unended.Count} answers cut off, {wrong.Count} invalid, {tokens} tokens"));
        Assert.Equal("", string.Join('\n', wrong));
        Assert.True(SchemaCorpus.Cases.Count >= 300);
        Assert.True(unended.Count <= SchemaCorpus.Cases.Count / 30, string.Join('\n', unended));
    }

    [Fact]
    public async Task A_schema_that_wants_too_much_is_answered_or_refused_like_any_other()
    {
        var (slowest, of) = (TimeSpan.Zero, "");
        foreach (var (name, schema) in HostileSchemas.All)
        {
            var started = Stopwatch.GetTimestamp();
            using var response = await worker.PostAsync(Path, Ask(("guided_json", schema), seed: 1));
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

            Assert.True((int)response.StatusCode is 200 or 400, $"{name}: {(int)response.StatusCode} {answer.ToJsonString()}");
            (slowest, of) = Stopwatch.GetElapsedTime(started) is var took && took > slowest ? (took, name) : (slowest, of);
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{HostileSchemas.All.Count} schemas, the slowest '{of}' after {slowest.TotalMilliseconds:0} ms with its tokens"));
    }

    private static JsonObject Ask((string Name, JsonNode Value) format, int seed) => WorkerFixture.Chat(
        "Tell me a story.", ("temperature", 1.5), ("seed", seed), ("max_tokens", 200), (format.Name, format.Value));

    private static JsonObject Format(SchemaCase schema) => new()
    {
        ["type"] = "json_schema",
        ["json_schema"] = new JsonObject
        {
            ["name"] = "answer", ["strict"] = schema.Strict, ["schema"] = JsonNode.Parse(schema.Schema.GetRawText()),
        },
    };
}
