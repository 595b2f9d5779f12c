using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

[Collection(nameof(TinyDecoder))]
public sealed class ConstraintTests(TinyDecoder tiny)
{
    private const int Tokens = 24;
    private static readonly Sampling Hot = new() { Temperature = 1.5f, Logprobs = 1 };

    [Fact]
    public async Task Only_tokens_that_the_constraint_allows_are_chosen_and_the_scores_stay_the_models_own()
    {
        await using var scheduler = tiny.Start();
        var made = new List<Parity>();

        var (tokens, free) = (
            await TokensAsync(scheduler, Ask(wake => Add(made, new Parity(wake)))), await TokensAsync(scheduler, Ask(constraint: null)));

        var parity = Assert.Single(made);
        Assert.Equal(Tokens, tokens.Count);
        Assert.All(tokens.Index(), token => Assert.Equal(token.Index % 2, token.Item.Token % 2));
        Assert.Equal(tokens.Select(token => token.Token), parity.Accepted);
        Assert.Equal(Enumerable.Range(1, Tokens).Select(taken => Tokens - taken), parity.Left);
        Assert.Equal(free[0].Best[0], tokens[0].Best[0]);
    }

    [Fact]
    public async Task A_constraint_that_gets_ready_late_changes_no_bit_of_its_own_answer_nor_of_others()
    {
        // Chunks of one length: the last bits of a log-probability depend on how its prompt was cut.
        await using var scheduler = tiny.Start(new GenerationOptions { MaxChunk = 16 });
        var expected = await TokensAsync(scheduler, Ask(wake => new Parity(wake), seed: 3));
        var freeAlone = await TokensAsync(scheduler, Ask(constraint: null, seed: 4));

        var late = Enumerable.Range(0, 5).Select(_ => TokensAsync(scheduler, Ask(wake => new Parity(wake, late: true), seed: 3))).ToList();
        var prompt = Enumerable.Range(0, 5).Select(_ => TokensAsync(scheduler, Ask(wake => new Parity(wake), seed: 3))).ToList();
        var free = Enumerable.Range(0, 5).Select(_ => TokensAsync(scheduler, Ask(constraint: null, seed: 4))).ToList();

        Assert.All(await Task.WhenAll(late.Concat(prompt)), tokens => Assert.Equal(expected.Select(Bits), tokens.Select(Bits)));
        Assert.All(await Task.WhenAll(free), tokens => Assert.Equal(freeAlone.Select(Bits), tokens.Select(Bits)));
    }

    [Fact]
    public async Task Choices_of_one_prompt_have_a_constraint_each_and_wait_for_it_each()
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 3, ReservedSlots = 0 });
        var made = new List<Parity>();
        var alone = await TextsAsync(scheduler, Ask(wake => new Parity(wake), choices: 6));

        var texts = await TextsAsync(scheduler, Ask(wake => Add(made, new Parity(wake, late: true)), choices: 6));

        Assert.Equal(6, made.Distinct().Count());
        Assert.Equal(alone, texts);
    }

    [Fact]
    public async Task While_one_waits_others_are_answered_and_a_cancelled_one_leaves()
    {
        await using var scheduler = tiny.Start();
        var waiting = Ask(_ => new Never());
        Assert.Null(scheduler.TryEnqueue(waiting));

        Assert.Equal(
            "I am tiny-assistant, a small demo model that ships with Tollgate.",
            (await TinyDecoder.RunAsync(scheduler, tiny.Ask("Who are you?")))[0]);
        Assert.Equal(0, waiting.Units.Output);
        scheduler.Cancel(waiting);
        await waiting.Ended;

        Assert.Equal(0, waiting.Units.Output);
        Assert.Equal(waiting.TotalPromptTokens, waiting.Units.Prompt);
    }

    [Fact]
    public async Task A_complete_text_ends_with_stop_its_last_token_counted_and_sent()
    {
        await using var scheduler = tiny.Start();
        var parity = (Parity?)null;
        var request = Ask(wake => parity = new Parity(wake, complete: 5));

        var tokens = await TokensAsync(scheduler, request);

        Assert.Equal(5, tokens.Count);
        Assert.Equal(5, request.Units.Output);
        Assert.Equal(FinishReason.Stop, request.Choices[0].Finish);
        Assert.Equal(parity!.Accepted, tokens.Select(token => token.Token));
    }

    [Theory]
    [InlineData("make")]
    [InlineData("ready")]
    [InlineData("restrict")]
    [InlineData("accept")]
    [InlineData("complete")]
    [InlineData("nothing")]
    public async Task A_constraint_that_fails_fails_its_own_request_alone(string where)
    {
        await using var scheduler = tiny.Start();
        var others = Enumerable.Range(0, 4).Select(_ => tiny.Ask("Who are you?")).ToList();
        others.ForEach(other => Assert.Null(scheduler.TryEnqueue(other)));
        var victim = Ask(_ => where == "make" ? throw new InvalidOperationException("It cannot be made.") : new Faulty(where));

        var refusal = scheduler.TryEnqueue(victim);
        if (refusal is null)
        {
            await victim.Ended;
        }

        Assert.Equal(500, (refusal ?? victim.Failure)!.Status);
        foreach (var other in others)
        {
            Assert.Equal(
                "I am tiny-assistant, a small demo model that ships with Tollgate.", (await TinyDecoder.ReadAsync(other))[0]);
        }
    }

    [Fact]
    public async Task A_wake_after_the_scheduler_has_gone_does_nothing()
    {
        var wake = (Action?)null;
        await using (var scheduler = tiny.Start())
        {
            await TokensAsync(scheduler, Ask(wakes =>
            {
                wake = wakes;
                return new Parity(wakes);
            }));
        }

        wake!();
    }

    private static Parity Add(List<Parity> made, Parity parity)
    {
        made.Add(parity);
        return parity;
    }

    private static (int, int) Bits(TokenChoice token) => (token.Token, BitConverter.SingleToInt32Bits(token.Logprob));

    private GenerationRequest Ask(Func<Action, ITokenConstraint>? constraint, int choices = 1, long seed = 3)
    {
        var request = tiny.Ask("Tell me a story about a fox named Mia.", Hot, choices, Tokens, seed);
        return new GenerationRequest(
            request.Identity, [request.Choices[0].Prompt.Tokens], request.Plan with { Constraint = constraint }, ending: _ => { });
    }

    private static async Task<List<TokenChoice>> TokensAsync(DecoderScheduler scheduler, GenerationRequest request)
    {
        Assert.Null(scheduler.TryEnqueue(request));
        var tokens = new List<TokenChoice>();
        await foreach (var step in request.Events.ReadAllAsync())
        {
            tokens.AddRange(step.Tokens);
        }

        Assert.Null(request.Failure);
        return tokens;
    }

    private static Task<string[]> TextsAsync(DecoderScheduler scheduler, GenerationRequest request) =>
        TinyDecoder.RunAsync(scheduler, request);

    /// <summary>Even and odd tokens in turns, special ones never.</summary>
    private sealed class Parity : ITokenConstraint
    {
        private readonly Action _wake;
        private readonly bool _late;
        private readonly int _complete;
        private int _ready;

        /// <param name="late">Whether a pool thread computes what may follow, in its own time.</param>
        /// <param name="complete">Tokens after which the text is whole.</param>
        public Parity(Action wake, bool late = false, int complete = int.MaxValue)
        {
            (_wake, _late, _complete) = (wake, late, complete);
            Compute();
        }

        public List<int> Accepted { get; } = [];

        public List<int> Left { get; } = [];

        public bool IsReady => Volatile.Read(ref _ready) == 1;

        public bool IsComplete => Accepted.Count == _complete;

        public void Restrict(Span<float> logits)
        {
            Assert.True(IsReady);
            for (var token = 0; token < logits.Length; token++)
            {
                if (token % 2 != Accepted.Count % 2 || token < 3)
                {
                    logits[token] = float.NegativeInfinity;
                }
            }
        }

        public void Accept(int token, int left)
        {
            Accepted.Add(token);
            Left.Add(left);
            Compute();
        }

        private void Compute()
        {
            if (!_late)
            {
                Volatile.Write(ref _ready, 1);
                return;
            }

            Volatile.Write(ref _ready, 0);
            _ = Task.Run(async () =>
            {
                for (var i = 0; i < 200 * (Accepted.Count % 3); i++)
                {
                    await Task.Yield();
                }

                Volatile.Write(ref _ready, 1);
                _wake();
            });
        }
    }

    /// <summary>Is never ready.</summary>
    private sealed class Never : ITokenConstraint
    {
        public bool IsReady => false;

        public bool IsComplete => false;

        public void Restrict(Span<float> logits) => throw new InvalidOperationException("It is not ready.");

        public void Accept(int token, int left) => throw new InvalidOperationException("It is not ready.");
    }

    /// <summary>Fails at one place, or allows nothing.</summary>
    private sealed class Faulty(string where) : ITokenConstraint
    {
        public bool IsReady => where == "ready" ? throw new InvalidOperationException(where) : true;

        public bool IsComplete => where == "complete" ? throw new InvalidOperationException(where) : false;

        public void Restrict(Span<float> logits)
        {
            if (where == "restrict")
            {
                throw new InvalidOperationException(where);
            }

            logits.Fill(where == "nothing" ? float.NegativeInfinity : 0);
        }

        public void Accept(int token, int left)
        {
            if (where == "accept")
            {
                throw new InvalidOperationException(where);
            }
        }
    }
}
