using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tests.Generation;

[Collection(nameof(TinyDecoder))]
public sealed class ScoredPromptTests(TinyDecoder tiny)
{
    private static readonly Sampling Scored = new() { Temperature = 0, Logprobs = 3 };

    private static readonly string[] Texts =
    [
        "Once upon a time a fox named Mia lived in a wood.", "What is 7 + 5? It is 12.", "x", "Grüße, 你好 👩‍🚀!",
        "The capital of France is Paris. The capital of Italy is Rome.",
    ];

    [Fact]
    public async Task Every_position_has_the_log_probability_of_a_pass_over_all_tokens_before_it()
    {
        await using var scheduler = tiny.Start();
        foreach (var text in Texts)
        {
            var prompt = tiny.Model.EncodePrompt(text).ToArray();

            var (scored, _) = await ScoreAsync(scheduler, prompt);

            Assert.Equal(prompt, scored.Select(token => token.Token));
            Assert.True(float.IsNaN(scored[0].Logprob));
            for (var place = 1; place < prompt.Length; place++)
            {
                var expected = LogProbabilities(prompt[..place]);
                Assert.Equal(expected[prompt[place]], scored[place].Logprob, 1e-3);
                var likeliest = expected.Select((value, token) => (value, token)).OrderByDescending(pair => pair.value).Take(3);
                Assert.All(
                    scored[place].Best.Zip(likeliest), pair => Assert.Equal(pair.Second.value, pair.First.Logprob, 1e-3));
            }
        }
    }

    [Fact]
    public async Task Scores_and_answers_are_the_same_bits_alone_and_among_generating_requests()
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 12 });
        var prompts =
            Enumerable.Range(0, 15).Select(i => tiny.Model.EncodePrompt(Texts[i % 5] + new string('!', i / 5)).ToArray()).ToList();
        var sampled = Scored with { Temperature = 1.4f };
        var alone = new List<(List<TokenChoice>, string)>();
        foreach (var prompt in prompts)
        {
            alone.Add(await ScoreAsync(scheduler, prompt, sampled, output: 12));
        }

        var chats = Enumerable.Range(0, 12).Select(i => TinyDecoder.RunAsync(scheduler, tiny.Ask("Tell me a story.", seed: i)));
        var together = Task.WhenAll(prompts.Select(prompt => ScoreAsync(scheduler, prompt, sampled, output: 12)));
        await Task.WhenAll(chats);

        foreach (var ((expected, text), (scored, same)) in alone.Zip(await together))
        {
            Assert.Equal(text, same);
            Assert.Equal(expected.Select(Bits), scored.Select(Bits));
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(1)] // The prompt is read again for each choice: no sibling lives.
    public async Task Choices_share_the_scores_of_their_prompt_which_is_billed_once(int slots)
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = slots, ReservedSlots = 0 });
        var prompt = tiny.Model.EncodePrompt(Texts[0]).ToArray();
        var request = Ask([prompt, prompt[..4]], Scored with { Temperature = 1.2f }, output: 3, choices: 3);

        Assert.Null(scheduler.TryEnqueue(request));
        var first = new Dictionary<int, IReadOnlyList<TokenChoice>>();
        var texts = new string[6];
        await foreach (var step in request.Events.ReadAllAsync())
        {
            Assert.True(first.TryAdd(step.Choice, step.PromptTokens) || step.PromptTokens.Count == 0);
            texts[step.Choice] += step.Text;
        }

        Assert.Equal([prompt.Length, prompt.Length, prompt.Length, 4, 4, 4], Enumerable.Range(0, 6).Select(i => first[i].Count));
        Assert.Equal(prompt.Length + 4, request.Units.Prompt);
        await using var other = tiny.Start();
        var again = Ask([prompt, prompt[..4]], Scored with { Temperature = 1.2f }, output: 3, choices: 3);
        Assert.Equal(await TinyDecoder.RunAsync(other, again), texts);
    }

    [Fact]
    public async Task A_scored_prompt_without_output_ends_with_length_and_costs_its_prompt()
    {
        await using var scheduler = tiny.Start();
        var request = Ask([tiny.Model.EncodePrompt(Texts[1]).ToArray()], Scored, output: 0);
        Assert.Null(scheduler.TryEnqueue(request));

        var step = Assert.Single(await request.Events.ReadAllAsync().ToListAsync());

        Assert.Equal((FinishReason.Length, ""), (step.Finish, step.Text));
        Assert.Equal(request.TotalPromptTokens, step.PromptTokens.Count);
        Assert.Equal(new Units(request.TotalPromptTokens), request.Units);
    }

    [Fact]
    public async Task A_scored_prompt_that_is_cancelled_while_it_is_read_costs_what_was_read()
    {
        await using var scheduler = tiny.Start();
        var prompt = Enumerable.Range(0, 500).Select(i => 10 + (i % 200)).ToArray();
        var request = Ask([prompt], Scored, output: 5);
        Assert.Null(scheduler.TryEnqueue(request));
        while (request.Units.Prompt < 3)
        {
            await Task.Yield();
        }

        scheduler.Cancel(request);
        await request.Ended;

        Assert.InRange(request.Units.Prompt, 3, 499);
        Assert.NotEqual("", (await TinyDecoder.RunAsync(scheduler, tiny.Ask("What is 7 + 5?")))[0]);
    }

    private static (int, int, string) Bits(TokenChoice token) => (
        token.Token, BitConverter.SingleToInt32Bits(token.Logprob),
        string.Join(' ', token.Best.Select(best => $"{best.Token}:{BitConverter.SingleToInt32Bits(best.Logprob)}")));

    private static GenerationRequest Ask(IReadOnlyList<int[]> prompts, Sampling sampling, int output, int choices = 1) => new(
        new RequestIdentity(Guid.NewGuid(), 1, Guid.Empty), prompts,
        new ChoicePlan(sampling, choices, output, Seed: 5) { ScoresPrompt = true }, ending: _ => { });

    private static async Task<(List<TokenChoice> Scored, string Text)> ScoreAsync(
        DecoderScheduler scheduler, int[] prompt, Sampling? sampling = null, int output = 0)
    {
        var request = Ask([prompt], sampling ?? Scored, output);
        Assert.Null(scheduler.TryEnqueue(request));
        var (scored, text) = (new List<TokenChoice>(), "");
        await foreach (var step in request.Events.ReadAllAsync())
        {
            scored.AddRange(step.PromptTokens);
            text += step.Text;
        }

        Assert.Null(request.Failure);
        return (scored, text);
    }

    private double[] LogProbabilities(int[] before)
    {
        using var run = new DecoderRun(
            tiny.Model.Session, tiny.Model.Shape.Layers, tiny.Model.Shape.KeyValueHeads, tiny.Model.Shape.HeadWidth, before.Length);
        var logits = run.Append(before)[..tiny.Model.Tokenizer.VocabularySize];
        var normalizer = logits.Max() + Math.Log(logits.Sum(logit => Math.Exp((double)logit - logits.Max())));
        return [.. logits.Select(logit => logit - normalizer)];
    }
}
