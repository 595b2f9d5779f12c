using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Rows that join and leave a batch at every step must not change each other's answers.</summary>
[Collection(SharedTollgate.Name)]
public sealed class ManyStreamsTests(SharedTollgate shared)
{
    private static readonly string[] Names = ["Mia", "Leo", "Ada", "Tom", "Zoe", "Max", "Eva", "Ben"];
    private static readonly string[] Animals = ["fox", "cat", "dog", "bear"];

    [Fact]
    public async Task Thirty_two_streams_at_once_equal_their_solo_runs_token_for_token()
    {
        using var client = shared.Running.Client();
        var prompts = Animals.SelectMany(animal => Names.Select(name => $"Tell me a story about a {animal} named {name}.")).ToList();

        var alone = new List<Answer>();
        foreach (var prompt in prompts)
        {
            alone.Add(await AskAsync(client, prompt));
        }

        var together = await Task.WhenAll(prompts.Select(prompt => AskAsync(client, prompt)));

        Assert.Equal(32, prompts.Count);
        Assert.All(alone, answer => Assert.True(answer.Tokens.Count > 20, $"a story, not: {string.Concat(answer.Tokens)}"));
        for (var i = 0; i < prompts.Count; i++)
        {
            Assert.Equal(alone[i].Tokens, together[i].Tokens);
            Assert.Equal(alone[i].Logprobs, together[i].Logprobs); // Bit for bit: a batch of another width must not round otherwise.
            Assert.Equal(alone[i].Usage, together[i].Usage);
        }
    }

    private static async Task<Answer> AskAsync(ApiClient client, string prompt)
    {
        using var stream = await client.StreamAsync(Prompts.Chat, new
        {
            model = "tiny-assistant",
            messages = new[] { new { role = "user", content = prompt } },
            temperature = 0,
            max_tokens = 200,
            logprobs = true,
            stream = true,
            stream_options = new { include_usage = true },
        });
        await stream.ReadToEndAsync();
        Assert.True(stream.Ended, $"{stream.ErrorFrame}");

        var tokens = stream.Choices(0)
            .Where(choice => choice.TryGetProperty("logprobs", out var logprobs) && logprobs.ValueKind == JsonValueKind.Object)
            .SelectMany(choice => choice.GetProperty("logprobs").GetProperty("content").EnumerateArray())
            .ToList();
        return new Answer(
            [.. tokens.Select(token => token.GetProperty("token").GetString()!)],
            [.. tokens.Select(token => token.GetProperty("logprob").GetDouble())],
            stream.Usage);
    }

    private sealed record Answer(IReadOnlyList<string> Tokens, IReadOnlyList<double> Logprobs, AnswerUsage? Usage);
}
