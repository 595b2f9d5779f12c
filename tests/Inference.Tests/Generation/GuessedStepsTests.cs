using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>Steps with guessed tokens: when they run depends on time, and nothing of an answer does.</summary>
[Collection(nameof(TinyDecoder))]
#pragma warning disable CA1001 // The scheduler owns the engine.
public sealed class GuessedStepsTests(TinyDecoder tiny)
#pragma warning restore CA1001
{
    private const string Story = "Tell me a story about a fox named Mia.";
    private static readonly GenerationOptions Off = new() { Speculation = false };

    /// <summary>On a clock that stands still every guess pays.</summary>
    private readonly FakeTimeProvider _clock = new();
    private readonly List<WatchedEngine> _engines = []; // Their schedulers own them.

    public static TheoryData<string, Sampling> Samplings => new()
    {
        { "greedy", new Sampling { Temperature = 0, IgnoreEos = true } },
        { "greedy with penalties", new Sampling { Temperature = 0, IgnoreEos = true, PresencePenalty = 0.5f, FrequencyPenalty = 0.3f } },
        { "cool", new Sampling { Temperature = 0.5f, IgnoreEos = true } },
        { "nucleus", new Sampling { Temperature = 0.9f, TopP = 0.9f } },
        { "filters", new Sampling { Temperature = 1.2f, TopK = 5, MinP = 0.05f, RepetitionPenalty = 1.1f, IgnoreEos = true } },
        { "bias", new Sampling { Temperature = 0, LogitBias = new Dictionary<int, float> { [0] = -100, [2] = -100 } } },
        { "a stop text", new Sampling { Temperature = 0.6f, Stop = ["a", " the"], IgnoreEos = true } },
        { "a wanted stop text", new Sampling { Temperature = 0, Stop = [" and"], IncludeStop = true, IgnoreEos = true, MinTokens = 9 } },
    };

    [Theory]
    [MemberData(nameof(Samplings))]
    public async Task Answers_with_and_without_guesses_alone_and_beside_others_are_equal_to_the_last_bit(string name, Sampling sampling)
    {
        await using var plain = tiny.Start(Off);
        await using var guessing = Start();
        List<GenerationRequest> Requests() =>
        [
            .. Enumerable.Range(0, 24).Select(i => tiny.Ask(
                i % 3 == 0 ? Story : "Say it again and again: one two three four. one two three four. one two three four.",
                sampling with { Logprobs = 2 }, choices: 1 + (i % 4 / 3 * 2), maxOutput: i < 8 ? 1 + i : 70, seed: i)),
        ];
        var expected = new List<string>();
        foreach (var request in Requests())
        {
            expected.Add(await DescribeAsync(plain, request));
        }

        var alone = new List<string>();
        foreach (var request in Requests())
        {
            alone.Add(await DescribeAsync(guessing, request));
        }

        var together = await Task.WhenAll(Requests().Select(request => DescribeAsync(guessing, request)));

        Assert.Equal(expected, alone);
        Assert.Equal(expected, together);
        Assert.True(Verifications > 0, name);
    }

    [Fact]
    public async Task A_text_that_repeats_itself_takes_far_fewer_steps_than_tokens()
    {
        await using var scheduler = Start();

        var request = tiny.Ask(Story, new Sampling { Temperature = 0, IgnoreEos = true }, maxOutput: 300);
        await TinyDecoder.RunAsync(scheduler, request);

        Assert.Equal(300, request.Units.Output);
        Assert.Equal(request.TotalPromptTokens, request.Units.Prompt); // Of wrong guesses nothing is counted.
        Assert.InRange(Steps, 40, 220);
    }

    [Fact]
    public async Task Guesses_that_take_more_time_than_they_save_are_left_out()
    {
        await using var scheduler = Start(perStep: TimeSpan.FromMilliseconds(10), perVerification: TimeSpan.FromSeconds(1));

        await TinyDecoder.RunAsync(scheduler, tiny.Ask(Story, new Sampling { Temperature = 0, IgnoreEos = true }, maxOutput: 300));

        Assert.InRange(Verifications, 1, 2);
    }

    [Fact]
    public async Task The_first_guesses_that_save_time_are_followed_by_others()
    {
        await using var scheduler = Start(perStep: TimeSpan.FromMilliseconds(10), perVerification: TimeSpan.FromMilliseconds(12));

        await TinyDecoder.RunAsync(scheduler, tiny.Ask(Story, new Sampling { Temperature = 0, IgnoreEos = true }, maxOutput: 300));

        Assert.InRange(Verifications, 20, 300);
    }

    [Fact]
    public async Task Cancel_in_the_middle_of_guesses_ends_the_request_with_what_it_was_sent_and_others_go_on()
    {
        await using var plain = tiny.Start(Off);
        await using var scheduler = Start();
        GenerationRequest Endless(int most) => tiny.Ask(Story, new Sampling { Temperature = 0, IgnoreEos = true }, maxOutput: most);
        var expected = await TinyDecoder.RunAsync(plain, Endless(400));
        var (cancelled, other) = (Endless(400), Endless(400));
        Assert.Null(scheduler.TryEnqueue(cancelled));
        var reading = TinyDecoder.RunAsync(scheduler, other);
        var delivered = 0;
        await foreach (var step in cancelled.Events.ReadAllAsync())
        {
            delivered = step.DeliveredTokens;
            if (cancelled.Units.Output > 60)
            {
                scheduler.Cancel(cancelled);
            }
        }

        Assert.InRange(delivered, 1, cancelled.Units.Output);
        Assert.InRange(cancelled.Units.Output, 60, 400);
        Assert.Equal(expected, await reading);
    }

    [Fact]
    public async Task A_guess_never_runs_over_the_end_of_the_context()
    {
        await using var plain = tiny.Start(Off);
        await using var scheduler = Start();
        GenerationRequest Whole() => tiny.Ask(Story, new Sampling { Temperature = 0, IgnoreEos = true }, maxOutput: int.MaxValue / 2);

        var (expected, whole) = (Whole(), Whole());
        var texts = await TinyDecoder.RunAsync(plain, expected);

        Assert.Equal(texts, await TinyDecoder.RunAsync(scheduler, whole));
        Assert.Equal(scheduler.MaxLength, whole.TotalPromptTokens + whole.Units.Output);
        Assert.Equal(FinishReason.Length, whole.Choices[0].Finish);
    }

    [Fact]
    public async Task A_scored_prompt_and_its_answer_keep_their_bits()
    {
        await using var plain = tiny.Start(Off);
        await using var scheduler = Start();
        GenerationRequest Scored()
        {
            var request = tiny.Ask(Story, new Sampling { Temperature = 0, IgnoreEos = true, Logprobs = 1 }, maxOutput: 80);
            return new GenerationRequest(
                request.Identity, [request.Choices[0].Prompt.Tokens], request.Plan with { ScoresPrompt = true }, ending: _ => { });
        }

        Assert.Equal(await DescribeAsync(plain, Scored()), await DescribeAsync(scheduler, Scored()));
    }

    private int Steps => Engine.Steps.Count(step => step.Decodes > 0);

    private int Verifications => Engine.Steps.Count(step => step.Verifies);

    private WatchedEngine Engine => _engines[^1];

    private WatchedEngine Add(WatchedEngine engine)
    {
        _engines.Add(engine);
        return engine;
    }

    private DecoderScheduler Start(TimeSpan perStep = default, TimeSpan perVerification = default) => tiny.Start(
        new GenerationOptions(),
        engine => Add(new WatchedEngine(engine) { Before = step => _clock.Advance(step.Verifies ? perVerification : perStep) }),
        _clock);

    /// <summary>Everything that a client can see of an answer, in bits.</summary>
    private static async Task<string> DescribeAsync(DecoderScheduler scheduler, GenerationRequest request)
    {
        Assert.Null(scheduler.TryEnqueue(request));
        var choices = request.Choices.ConvertAll(_ => new List<string>());
        await foreach (var step in request.Events.ReadAllAsync())
        {
            choices[step.Choice].Add(
                $"{step.Text}|{step.DeliveredTokens}|{step.Finish}|{step.StoppedBy}|"
                + string.Join(',', step.PromptTokens.Concat(step.Tokens).Select(Bits)));
        }

        Assert.Null(request.Failure);
        return string.Join('\n', choices.SelectMany(events => events).Append($"{request.Units}"));
    }

    private static string Bits(TokenChoice token) =>
        $"{token.Token}:{BitConverter.SingleToInt32Bits(token.Logprob)}:{string.Join('/', token.Best)}";
}
