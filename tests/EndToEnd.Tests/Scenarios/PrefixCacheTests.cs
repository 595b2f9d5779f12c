using System.Globalization;
using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>A prompt that is sent again: its answer, its usage row, its price and the engine's metric agree on what was cached.</summary>
[Collection(SharedTollgate.Name)]
public sealed class PrefixCacheTests(SharedTollgate shared)
{
    private const string Model = "tiny-assistant";
    private readonly string _text = $"{Guid.NewGuid()} {string.Join(' ', Enumerable.Repeat("Mia the fox lived in a wood and asked.", 12))}";

    [Fact]
    public async Task A_prompt_that_is_sent_again_is_billed_at_the_price_of_cached_tokens_on_every_wire()
    {
        var running = shared.Running;
        var key = await running.Internal.CreateKeyAsync("prefix cache");
        using var client = running.Client(key.Text);
        var message = new[] { new { role = "user", content = _text } };
        (string Path, object Body)[] calls =
        [
            (Prompts.Chat, new { model = Model, messages = message, max_tokens = 4, temperature = 0 }),
            (Prompts.Completions, new { model = Model, prompt = _text, max_tokens = 4, temperature = 0 }),
            ("/v1/responses", new { model = Model, input = "In short: " + _text, max_output_tokens = 4, temperature = 0 }),
            ("/v1/messages", new { model = Model, system = "Be brief.", messages = message, max_tokens = 4, temperature = 0 }),
        ];
        var before = await CachedMetricAsync();
        var billed = 0L;
        foreach (var (path, body) in calls)
        {
            var cold = await client.PostAsync(path, body);
            var warm = await client.PostAsync(path, body);
            var (first, second) = (await running.Books.OneAsync(cold.RequestId), await running.Books.OneAsync(warm.RequestId));

            Assert.Equal((first.Units.Prompt - 2) / 32 * 32, second.Units.Cached);
            Assert.Equal(first.Units.Prompt, second.Units.Prompt);
            Assert.Equal(second.Units.Cached, Cached(warm.Json.GetProperty("usage")));
            Assert.Equal( // The list price.
                ((second.Units.Input * 0.50m) + (second.Units.Cached * 0.05m) + (second.Units.Completion * 1.50m)) / 1_000_000,
                second.Amount);
            billed += first.Units.Cached + second.Units.Cached;
        }

        Assert.Equal(billed, await CachedMetricAsync() - before);
        var witnessed = (await running.Internal.WitnessAsync())
            .ToDictionary(entry => (entry.RequestId, entry.Attempt), entry => entry.Units);
        foreach (var row in await running.Books.OfKeyAsync(key.KeyId))
        {
            Assert.Equal(row.Units, witnessed[(row.RequestId, 1)]);
        }

        await running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task A_stream_states_its_cached_tokens_and_is_billed_for_them()
    {
        var key = await shared.Running.Internal.CreateKeyAsync("prefix cache, streamed");
        using var client = shared.Running.Client(key.Text);
        for (var i = 0; i < 3; i++)
        {
            using var stream = await client.StreamAsync(Prompts.Chat, new
            {
                model = Model,
                messages = new[] { new { role = "user", content = _text } },
                max_tokens = 4,
                stream = true,
                stream_options = new { include_usage = true },
            });
            await stream.ReadToEndAsync();
            var row = await shared.Running.Books.OneAsync(stream.RequestId);

            Assert.Equal(i == 0 ? 0 : (row.Units.Prompt - 2) / 32 * 32, row.Units.Cached);
            Assert.Equal(stream.Usage, new AnswerUsage(row.Units.Prompt, row.Units.Completion));
        }

        await shared.Running.Books.AssertAgreeAsync();
    }

    private async Task<long> CachedMetricAsync() => (await shared.Running.Internal.MetricsAsync("inference")).Split('\n')
        .Where(line => line.StartsWith("tollgate_inference_tokens_total{", StringComparison.Ordinal)
            && line.Contains("=\"cached\"", StringComparison.Ordinal) && line.Contains($"=\"{Model}\"", StringComparison.Ordinal))
        .Sum(line => (long)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));

    private static long Cached(JsonElement usage) =>
        usage.TryGetProperty("cache_read_input_tokens", out var read) ? read.GetInt64()
        : (usage.TryGetProperty("prompt_tokens_details", out var details) ? details : usage.GetProperty("input_tokens_details"))
            .GetProperty("cached_tokens").GetInt64();
}
