using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tests.Tasks.Chat;
using Tollgate.Inference.Tokenizers;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Generation;

[Collection(nameof(TinyDecoder))]
public sealed class DecoderSchedulerTests(TinyDecoder tiny)
{
    private static readonly QueueOptions Patient = new() { QueueTimeout = TimeSpan.FromMinutes(10) };

    private static readonly string[] Questions =
    [
        "Hello!", "Who are you?", "What is the capital of France?", "What is 7 + 5?", "Tell me a story about a fox named Mia.",
        "What is the opposite of hot?", "Tell me a joke.", "How do you say hello in Spanish?",
    ];

    [Fact]
    public async Task Thirty_two_greedy_answers_at_once_equal_a_plain_loop_over_each_alone()
    {
        await using var scheduler = tiny.Start();
        var questions = Enumerable.Range(0, 32).Select(i => $"{Questions[i % 8]}{new string(' ', i / 8)}").ToList();

        var together = await Task.WhenAll(questions.Select(question => TinyDecoder.RunAsync(scheduler, tiny.Ask(question))));

        for (var i = 0; i < questions.Count; i++)
        {
            var prompt = tiny.Model.EncodePrompt(
                $"<|im_start|>user\n{questions[i]}<|im_end|>\n<|im_start|>assistant\n", allowSpecial: true);
            var (ids, _) = Greedy.Decode(tiny.Model, prompt, most: 60);
            Assert.Equal(Greedy.Text(tiny.Model, ids), together[i][0]);
        }
    }

    [Fact]
    public async Task Seeded_sampling_gives_the_same_answer_alone_and_among_31_others()
    {
        await using var scheduler = tiny.Start();
        var sampling = new Sampling { Temperature = 1.3f, TopP = 0.95f, PresencePenalty = 0.4f };
        var alone = new List<string>();
        for (var seed = 0; seed < 32; seed++)
        {
            alone.AddRange(await TinyDecoder.RunAsync(scheduler, tiny.Ask(Questions[seed % 8], sampling, seed: seed)));
        }

        var together = await Task.WhenAll(
            Enumerable.Range(0, 32).Select(seed => TinyDecoder.RunAsync(scheduler, tiny.Ask(Questions[seed % 8], sampling, seed: seed))));

        Assert.Equal(alone, together.Select(texts => texts[0]));
        Assert.True(alone.Distinct().Count() > 8);
    }

    [Fact]
    public async Task Choices_that_share_a_prompt_equal_choices_that_read_it_themselves()
    {
        // Fewer slots than choices: some start late, from a sibling's row.
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 3 });
        var sampling = new Sampling { Temperature = 1.5f };
        var shared = tiny.Ask(Questions[4], sampling, choices: 8, seed: 5);

        var together = await TinyDecoder.RunAsync(scheduler, shared);

        Assert.Equal(8, together.Distinct().Count());
        Assert.Equal(shared.Choices[0].Prompt.Tokens.Length, shared.Units.Prompt); // The prompt counts once.
        await using var narrow = tiny.Start(new GenerationOptions { Slots = 1 }); // Every choice reads the prompt anew: no sibling lives.
        Assert.Equal(together, await TinyDecoder.RunAsync(narrow, tiny.Ask(Questions[4], sampling, choices: 8, seed: 5)));
    }

    [Fact]
    public async Task A_prompt_read_in_small_chunks_gives_the_same_answer_as_in_one()
    {
        await using var whole = tiny.Start(new GenerationOptions { MaxChunk = 512 });
        await using var chunked = tiny.Start(new GenerationOptions { MaxChunk = 16 });
        var question = string.Join(' ', Questions) + " " + string.Join(' ', Questions);

        Assert.Equal(
            await TinyDecoder.RunAsync(whole, tiny.Ask(question)),
            await TinyDecoder.RunAsync(chunked, tiny.Ask(question)));
    }

    [Fact]
    public async Task A_row_that_fails_ends_its_own_request_and_no_other()
    {
        var poison = tiny.Model.EncodePrompt("Paris")[^1];
        var victim = tiny.Ask("What is the capital of France?");
        await using var scheduler = tiny.Start(
            tokenizer: new PoisonedTokenizer(tiny.Model.Tokenizer, FindTokenOf("Paris", " Paris") is { Length: > 0 } ids ? ids : [poison]));

        var others = Enumerable.Range(0, 6).Select(_ => tiny.Ask("Who are you?")).ToList();
        others.ForEach(other => Assert.Null(scheduler.TryEnqueue(other)));
        Assert.Null(scheduler.TryEnqueue(victim));
        await victim.Ended;

        Assert.Equal(500, victim.Failure!.Status);
        foreach (var other in others)
        {
            Assert.Equal("I am tiny-assistant, a small demo model that ships with Tollgate.", (await TinyDecoder.ReadAsync(other))[0]);
            Assert.Null(other.Failure);
        }
    }

    [Fact]
    public async Task A_request_that_waits_too_long_is_refused_even_while_a_step_hangs_and_the_others_run_on()
    {
        using var turns = new SemaphoreSlim(0);
        await using var scheduler = tiny.Start(
            new GenerationOptions { Slots = 1 }, new SteppedTokenizer(tiny.Model.Tokenizer, turns),
            new QueueOptions { QueueTimeout = TimeSpan.FromMilliseconds(10) });
        var running = await StartSteppedAsync(scheduler, turns, maxOutput: 20);
        var waiting = tiny.Ask("Hello!");

        Assert.Null(scheduler.TryEnqueue(waiting));
        await waiting.Ended;
        turns.Release(100);
        await TinyDecoder.ReadAsync(running);

        Assert.Equal("server_is_overloaded", waiting.Failure!.Code);
        Assert.Equal(default, waiting.Units);
        Assert.Equal(20, running.Units.Output);
    }

    [Fact]
    public async Task TryEnqueue_refuses_when_the_queue_is_full()
    {
        using var turns = new SemaphoreSlim(0);
        await using var scheduler = tiny.Start(
            new GenerationOptions { Slots = 1 }, new SteppedTokenizer(tiny.Model.Tokenizer, turns), new QueueOptions { QueueLength = 1 });
        var running = await StartSteppedAsync(scheduler, turns, maxOutput: 20);
        var waiting = tiny.Ask("Hello!");
        Assert.Null(scheduler.TryEnqueue(waiting));

        var refusal = scheduler.TryEnqueue(tiny.Ask("Hello!"));
        turns.Release(100);
        await Task.WhenAll(running.Ended, waiting.Ended);

        Assert.Equal(503, refusal!.Status);
        Assert.NotNull(refusal.RetryAfter);
        Assert.Null(waiting.Failure);
    }

    [Fact]
    public async Task Cancel_frees_the_slot_within_a_step_and_tells_what_was_generated()
    {
        using var turns = new SemaphoreSlim(0);
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 1 }, new SteppedTokenizer(tiny.Model.Tokenizer, turns));
        var running = await StartSteppedAsync(scheduler, turns, maxOutput: 400);
        var next = tiny.Ask("Hello!");
        Assert.Null(scheduler.TryEnqueue(next));

        scheduler.Cancel(running);
        turns.Release(100); // Enough for what was in its step and for the next answer's nine.
        await running.Ended;

        Assert.InRange(running.Units.Output, 1, 2); // The step that ran when it was cancelled is the last.
        Assert.Equal("Hello! How can I help you today?", (await TinyDecoder.ReadAsync(next))[0]);
        Assert.Equal(new ModelLoad(0, 0), scheduler.Load);
    }

    [Fact]
    public async Task Cancel_in_the_queue_ends_at_once_and_costs_nothing()
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 1 });
        var running = tiny.Ask("Tell me a story.", Endless(), maxOutput: 400);
        var waiting = tiny.Ask("Hello!");
        Assert.Null(scheduler.TryEnqueue(running));
        await running.Events.WaitToReadAsync();
        Assert.Null(scheduler.TryEnqueue(waiting));

        scheduler.Cancel(waiting);
        await waiting.Ended;

        Assert.Equal(default, waiting.Units);
        Assert.Equal(1, scheduler.Load.Active);
        scheduler.Cancel(running);
    }

    [Fact]
    public async Task Cancel_while_the_prompt_is_read_tells_how_much_was_and_the_others_run_on()
    {
        using var turns = new SemaphoreSlim(0);
        await using var scheduler = tiny.Start(new GenerationOptions { MaxChunk = 16 }, new SteppedTokenizer(tiny.Model.Tokenizer, turns));
        var running = await StartSteppedAsync(scheduler, turns, maxOutput: 20);
        var reading = tiny.Ask(string.Join(' ', Enumerable.Repeat("word", 200)), maxOutput: 20);
        Assert.Null(scheduler.TryEnqueue(reading));
        turns.Release(2); // One token of the first and 16 of the second's prompt each.
        await Until.TrueAsync(() => reading.Units.Input > 0, "the prompt is being read");

        scheduler.Cancel(reading);
        turns.Release(100);
        await reading.Ended;
        await TinyDecoder.ReadAsync(running);

        Assert.Equal(0, reading.Units.Output);
        Assert.InRange(reading.Units.Input, 16, reading.TotalPromptTokens - 1); // Whole chunks, and not all of them.
        Assert.Equal(0, reading.Units.Input % 16);
        Assert.Equal(20, running.Units.Output);
    }

    [Fact]
    public async Task A_full_queue_takes_in_another_organization_at_the_cost_of_the_largest_holder()
    {
        using var turns = new SemaphoreSlim(0);
        await using var scheduler = tiny.Start(
            new GenerationOptions { Slots = 1, ReservedSlots = 0 }, new SteppedTokenizer(tiny.Model.Tokenizer, turns),
            new QueueOptions { QueueLength = 4, QueueLengthPerOrganization = 3 });
        var (busy, quiet) = (Guid.NewGuid(), Guid.NewGuid());
        var running = await StartSteppedAsync(scheduler, turns, maxOutput: 20);
        var many = Enumerable.Range(0, 4).Select(_ => tiny.Ask("Hello!", organization: busy)).ToList();
        var others = Enumerable.Range(0, 3).Select(_ => tiny.Ask("Hello!", organization: quiet)).ToList();

        var refusals = many.Select(scheduler.TryEnqueue).ToList();
        var late = others.Select(scheduler.TryEnqueue).ToList();
        turns.Release(1000);
        await Task.WhenAll([.. many.Take(3).Concat(others.Take(2)).Select(request => request.Ended), running.Ended]);

        Assert.Equal([null, null, null, 503], refusals.Select(refusal => refusal?.Status)); // Three of one organization.
        Assert.Equal([null, null, 503], late.Select(refusal => refusal?.Status)); // Two each: nobody goes for a third.
        Assert.Equal([null, null, 503], many.Take(3).Select(request => request.Failure?.Status)); // The last to come went.
        Assert.All(others.Take(2), request => Assert.Null(request.Failure));
    }

    [Fact]
    public async Task Reserved_slots_are_for_organizations_that_hold_few()
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 2, ReservedSlots = 1 });
        var (busy, quiet) = (Guid.NewGuid(), Guid.NewGuid());
        var many = Enumerable.Range(0, 4).Select(_ => tiny.Ask("Tell me a story.", Endless(), maxOutput: 400, organization: busy)).ToList();
        many.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        await many[1].Events.WaitToReadAsync();

        var one = tiny.Ask("Hello!", organization: quiet);
        await TinyDecoder.RunAsync(scheduler, one);

        Assert.Null(many[2].Queued); // It waits for one of its organization's two.
        Assert.Equal(new ModelLoad(2, 2), scheduler.Load);
        many.ForEach(scheduler.Cancel);
    }

    [Fact]
    public async Task A_quiet_organization_generates_faster_than_a_loud_one_and_both_as_if_alone()
    {
        await using var scheduler = tiny.Start();
        var (busy, quiet) = (Guid.NewGuid(), Guid.NewGuid());
        GenerationRequest Story(Guid organization, int choices) =>
            tiny.Ask("Tell me a story.", Endless(), choices, maxOutput: 300, organization: organization);
        var alone = await TinyDecoder.RunAsync(scheduler, Story(Guid.NewGuid(), 32));
        var many = Story(busy, 32);
        var reading = TinyDecoder.RunAsync(scheduler, many);
        await Until.TrueAsync(() => many.Units.Output > 32, "the loud one generates");

        var one = Story(quiet, 1);
        var before = many.Units.Output;
        var text = await TinyDecoder.RunAsync(scheduler, one);
        var meanwhile = (many.Units.Output - before) / 32;

        Assert.Equal(alone[0], text[0]);
        Assert.Equal(alone, await reading);
        Assert.InRange(meanwhile, 1, 250); // The loud one goes on, and each of its choices is slower than the quiet one's 300 tokens.
    }

    [Fact]
    public async Task Live_traffic_generates_faster_than_a_flood_of_batches_which_goes_on()
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 8, ReservedSlots = 2 }, queue: Patient);
        GenerationRequest Story(ServiceClass serviceClass) => tiny.Ask(
            "Tell me a story.", Endless(), maxOutput: 300, organization: Guid.NewGuid(), serviceClass: serviceClass);
        var alone = await TinyDecoder.RunAsync(scheduler, Story(ServiceClass.Standard));
        var batches = Enumerable.Range(0, 16).Select(_ => Story(ServiceClass.Batch)).ToList();
        var reading = batches.Select(batch => TinyDecoder.RunAsync(scheduler, batch)).ToList();
        await Until.TrueAsync(() => batches.Count(batch => batch.Units.Output > 1) >= 8, "batches fill the slots that are not reserved");

        var live = Story(ServiceClass.Standard);
        var before = batches.Max(batch => batch.Units.Output);
        var text = await TinyDecoder.RunAsync(scheduler, live);
        var meanwhile = batches.Max(batch => batch.Units.Output) - before;

        Assert.Equal(alone[0], text[0]);
        Assert.InRange(meanwhile, 1, 200); // Of 300 steps at most every third, and some while the request was on its way.
        Assert.All(await Task.WhenAll(reading), texts => Assert.Equal(alone[0], texts[0]));
    }

    [Fact]
    public async Task While_live_traffic_waits_for_a_slot_batches_have_no_turn()
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 1, ReservedSlots = 1 }, queue: Patient);
        var customer = Guid.NewGuid();
        var batch = tiny.Ask("Tell me a story.", Endless(), maxOutput: 400, serviceClass: ServiceClass.Batch);
        var running = TinyDecoder.RunAsync(scheduler, batch);
        await Until.TrueAsync(() => batch.Units.Output > 1, "the batch generates");
        var output = new List<long>(); // Of the batch when a live request ends, noted by the scheduler itself.
        var (first, second) = (Live(), Live());

        var reading = TinyDecoder.RunAsync(scheduler, first);
        Assert.Null(scheduler.TryEnqueue(second));
        var before = batch.Units.Output;
        await reading;

        // The turn that ran when it came, those before it had its slot, and the turn in which the second one took the slot.
        Assert.InRange(output[0] - before, long.MinValue, 5);
        Assert.Single(await TinyDecoder.ReadAsync(second));
        Assert.Single(await running); // It ends when nothing waits.

        GenerationRequest Live() => tiny.Ask(
            "Tell me a story.", Endless(), maxOutput: 100, organization: customer, ending: _ => output.Add(batch.Units.Output));
    }

    [Fact]
    public async Task Batches_that_hold_all_slots_end_before_live_traffic_that_needs_one_when_none_is_reserved()
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 1, ReservedSlots = 0 }, queue: Patient);
        var batch = tiny.Ask("Tell me a story.", Endless(), maxOutput: 100, serviceClass: ServiceClass.Batch);
        var next = tiny.Ask("Tell me a story.", Endless(), maxOutput: 100, serviceClass: ServiceClass.Batch);
        var (running, waiting) = (TinyDecoder.RunAsync(scheduler, batch), TinyDecoder.RunAsync(scheduler, next));
        await Until.TrueAsync(() => batch.Units.Output > 1, "the batch generates");

        await TinyDecoder.RunAsync(scheduler, tiny.Ask("Hello!", organization: Guid.NewGuid()));

        Assert.True(running.IsCompleted || batch.Remaining == 0);
        Assert.False(waiting.IsCompleted);
        await waiting;
    }

    [Fact]
    public async Task An_organization_with_one_request_is_not_kept_waiting_by_one_with_many()
    {
        await using var scheduler = tiny.Start(new GenerationOptions { Slots = 1, ReservedSlots = 0 });
        var (busy, quiet) = (Guid.NewGuid(), Guid.NewGuid());
        var order = new List<Guid>();
        var blocker = tiny.Ask("Tell me a story.", Endless(), maxOutput: 100, organization: busy);
        Assert.Null(scheduler.TryEnqueue(blocker));
        await blocker.Events.WaitToReadAsync();
        var many = Enumerable.Range(0, 10).Select(_ => tiny.Ask("Hello!", organization: busy, ending: Note)).ToList();
        many.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        var one = tiny.Ask("Hello!", organization: quiet, ending: Note);
        Assert.Null(scheduler.TryEnqueue(one));

        await Task.WhenAll(many.Append(one).Select(request => request.Ended));

        Assert.InRange(order.IndexOf(quiet), 0, 2);

        void Note(GenerationRequest request)
        {
            lock (order)
            {
                order.Add(request.Identity.Organization);
            }
        }
    }

    /// <summary>A request that has generated its first token and hangs in its second.</summary>
    private async Task<GenerationRequest> StartSteppedAsync(DecoderScheduler scheduler, SemaphoreSlim turns, int maxOutput)
    {
        var request = tiny.Ask("Tell me a story.", Endless(), maxOutput: maxOutput);
        Assert.Null(scheduler.TryEnqueue(request));
        turns.Release();
        await request.Events.WaitToReadAsync();
        return request;
    }

    private static Sampling Endless() => new() { Temperature = 0, LogitBias = new Dictionary<int, float> { [0] = -100, [2] = -100 } };

    private int[] FindTokenOf(params string[] texts) =>
        [.. texts.Select(text => tiny.Model.EncodePrompt(text)).Where(ids => ids.Count == 1).Select(ids => ids[0])];

    /// <summary>Fails on some tokens.</summary>
    private sealed class PoisonedTokenizer(ITokenizer inner, int[] poison) : ITokenizer
    {
        public int VocabularySize => inner.VocabularySize;

        public void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids) => inner.Encode(text, allowSpecial, ids);

        public void Encode(IReadOnlyList<TextSegment> segments, List<int> ids) => inner.Encode(segments, ids);

        public ReadOnlySpan<byte> TokenBytes(int id) =>
            poison.Contains(id) ? throw new InvalidOperationException("This token is poison.") : inner.TokenBytes(id);

        public bool IsSpecial(int id) => inner.IsSpecial(id);
    }
}
