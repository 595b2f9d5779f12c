using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>Prompts that are read in one step, and whose turn it is to be read.</summary>
[Collection(nameof(TinyDecoder))]
public sealed class TogetherTests(TinyDecoder tiny)
{
    private static readonly Sampling Endless = new() { Temperature = 0, IgnoreEos = true, Logprobs = 0 };
    private readonly List<WatchedEngine> _engines = []; // Their schedulers own them.

    [Fact]
    public async Task Prompts_that_come_together_are_read_together_and_decoded_together_with_the_bits_of_each_alone()
    {
        var prompts = Enumerable.Range(0, 32).Select(i => Prompt(22 + (i % 5), seed: i)).ToList();
        await using var scheduler = Start(new GenerationOptions { Speculation = false, StallTarget = TimeSpan.FromSeconds(1) });
        var engine = Engine;
        using var begun = new SemaphoreSlim(0);
        engine.Before = _ => begun.Wait();
        var requests = prompts.Select(prompt => Request(prompt, output: 12)).ToList();
        requests.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        begun.Release(1000); // All have come before the first of them has its first token.

        var answers = await Task.WhenAll(requests.Select(ReadAsync));

        await using var apart = Start(readsTogether: false);
        for (var i = 0; i < prompts.Count; i++)
        {
            var alone = Request(prompts[i], output: 12);
            Assert.Null(apart.TryEnqueue(alone));
            Assert.Equal(await ReadAsync(alone), answers[i]);
        }

        var decodes = engine.Steps.Where(step => step.Decodes > 0).ToList();
        Assert.Equal(11, decodes.Count); // Nobody pays for steps of his own.
        Assert.All(decodes, step => Assert.Equal(32, step.Decodes));
        Assert.InRange(engine.Steps.Count - decodes.Count, 2, 8);
        Assert.All(engine.Steps, step => Assert.InRange(step.Reads.Length * 26, 0, 512));
    }

    [Fact]
    public async Task A_graph_of_an_earlier_version_reads_prompts_one_by_one_and_gives_the_same_answers()
    {
        var prompts = Enumerable.Range(0, 6).Select(i => Prompt(20 + i, seed: i)).ToList();
        await using var together = Start();
        await using var apart = Start(readsTogether: false);
        var engine = Engine;

        var expected = await Task.WhenAll(prompts.Select(prompt => TinyDecoder.RunAsync(together, Request(prompt, output: 8))));
        var texts = await Task.WhenAll(prompts.Select(prompt => TinyDecoder.RunAsync(apart, Request(prompt, output: 8))));

        Assert.Equal(expected, texts);
        Assert.All(engine.Steps, step => Assert.InRange(step.Reads.Length, 0, 1));
    }

    [Fact]
    public async Task Lengths_that_differ_much_are_not_filled_up_to_one()
    {
        await using var scheduler = Start();
        using var begun = new SemaphoreSlim(0);
        Engine.Before = _ => begun.Wait();
        int[] lengths = [4, 100, 5, 96, 4, 102, 6];
        var requests = lengths.Select((length, i) => Request(Prompt(length, seed: i), output: 2)).ToList();
        requests.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        begun.Release(1000);

        await Task.WhenAll(requests.Select(TinyDecoder.ReadAsync));

        var reads = Engine.Steps.Where(step => step.Reads.Length > 1).ToList();
        Assert.NotEmpty(reads);
        Assert.All(reads, step => Assert.InRange(
            step.Reads.Sum(read => read.Length), 0.8 * step.Reads.Length * step.Reads.Max(read => read.Length), 512));
    }

    [Fact]
    public async Task Answers_that_run_do_not_wait_for_prompts_that_come_later()
    {
        await using var scheduler = Start();
        var running = Request(Prompt(20, seed: 1), output: 400);
        Assert.Null(scheduler.TryEnqueue(running));
        await Until.TrueAsync(() => running.Units.Output > 4, "the answer runs");

        var before = Engine.Steps.Count;
        var later = Enumerable.Range(0, 12).Select(i => Request(Prompt(100, seed: 10 + i), output: 3)).ToList();
        later.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        await Task.WhenAll(later.Select(request => request.Ended));
        var steps = Engine.Steps.Skip(before).ToList();
        scheduler.Cancel(running);

        Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.True(pair.First.Decodes > 0 || pair.Second.Decodes > 0));
        Assert.All(later, request => Assert.Equal(3, request.Units.Output));
    }

    [Fact]
    public async Task A_short_prompt_is_read_within_two_turns_while_long_ones_are_read()
    {
        await using var scheduler = Start(new GenerationOptions { Speculation = false, MaxChunk = 32 });
        using var turns = new SemaphoreSlim(0);
        var longs = await StartReadingAsync(scheduler, turns, count: 6);
        var before = Engine.Steps.Count;

        var one = Request(Prompt(20, seed: 100), output: 1);
        Assert.Null(scheduler.TryEnqueue(one));
        turns.Release(10_000);
        await Task.WhenAll(longs.Append(one).Select(request => request.Ended));

        Assert.Contains(Engine.Steps.Skip(before).Take(2), step => step.Reads[0].Length == 20);
        Assert.All(longs.Append(one), request => Assert.Equal(1, request.Units.Output));
    }

    [Fact]
    public async Task Many_short_prompts_leave_every_second_turn_to_the_long_ones()
    {
        await using var scheduler = Start(new GenerationOptions { Speculation = false, MaxChunk = 32 }, readsTogether: false);
        using var turns = new SemaphoreSlim(0);
        var longs = await StartReadingAsync(scheduler, turns, count: 2);
        var before = Engine.Steps.Count;

        var shorts = Enumerable.Range(0, 24).Select(i => Request(Prompt(20, seed: 100 + i), output: 1)).ToList();
        shorts.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        turns.Release(10_000);
        await Task.WhenAll(longs.Concat(shorts).Select(request => request.Ended));

        var reads = Engine.Steps.Skip(before).Select(step => step.Reads[0].Length == 20).ToList();
        var whileBoth = reads.Take(Math.Min(reads.LastIndexOf(true), reads.LastIndexOf(false))).ToList();
        Assert.InRange(whileBoth.Count, 20, reads.Count);
        Assert.DoesNotContain(whileBoth.Zip(whileBoth.Skip(1)), pair => pair is (true, true));
        Assert.Contains(whileBoth.Zip(whileBoth.Skip(2)), pair => pair is (true, true)); // And the others to them.
    }

    [Fact]
    public async Task Tokens_chosen_on_several_threads_are_those_chosen_on_one()
    {
        var sampling = new Sampling { Temperature = 1.4f, TopP = 0.9f, FrequencyPenalty = 0.5f, Logprobs = 2, IgnoreEos = true };
        var scope = TinyDecoder.Scope(tiny.Model, new GenerationOptions { Speculation = false, Slots = 96 }, tokenizer: null, queue: null);
        await using var one = new DecoderScheduler(scope);
        await using var several = new DecoderScheduler(scope with { Threads = 4 });
        GenerationRequest Ask() => new(
            new RequestIdentity(Guid.NewGuid(), 1, Guid.Empty), [Prompt(20, seed: 1)], new ChoicePlan(sampling, 96, 5, 7), _ => { });
        var (expected, actual) = (Ask(), Ask());
        Assert.Null(one.TryEnqueue(expected));
        Assert.Null(several.TryEnqueue(actual));

        var tokens = await ReadAsync(expected);

        Assert.Equal(tokens.Order(), (await ReadAsync(actual)).Order());
        Assert.True(tokens.Distinct().Count() > 50);
    }

    [Fact]
    public async Task Rows_are_as_long_as_the_memory_holds_and_a_request_beyond_is_refused()
    {
        await using var scheduler = Start(new GenerationOptions { Speculation = false, KeyValueMemoryMb = 1 });

        Assert.Equal((int)Math.Min(tiny.Model.ContextLength, (1 << 20) / Engine.BytesPerToken), scheduler.MaxLength);
        Assert.Equal(scheduler.MaxLength, Engine.Length);
        Assert.Single(await TinyDecoder.RunAsync(scheduler, Request(Prompt(20, seed: 1), output: 4)));
    }

    private WatchedEngine Engine => _engines[^1];

    private WatchedEngine Add(WatchedEngine engine)
    {
        _engines.Add(engine);
        return engine;
    }

    private DecoderScheduler Start(GenerationOptions? options = null, bool readsTogether = true) => tiny.Start(
        options ?? new GenerationOptions { Speculation = false },
        engine => Add(new WatchedEngine(engine) { ReadsTogether = readsTogether }));

    private static GenerationRequest Request(int[] prompt, int output, Guid organization = default) => new(
        new RequestIdentity(Guid.NewGuid(), 1, organization), [prompt], new ChoicePlan(Endless, 1, output, 1), _ => { });

    private static int[] Prompt(int length, int seed) =>
        [.. Enumerable.Range(0, length).Select(i => 20 + (((i * 67) + (seed * 13)) % 200))];

    /// <summary>Long prompts that are being read; each step waits for a release.</summary>
    private async Task<List<GenerationRequest>> StartReadingAsync(DecoderScheduler scheduler, SemaphoreSlim turns, int count)
    {
        Engine.Before = _ => turns.Wait();
        var longs = Enumerable.Range(0, count).Select(i => Request(Prompt(480, seed: i), output: 1)).ToList();
        longs.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        turns.Release(3);
        await Until.TrueAsync(() => Engine.Steps.Count == 4, "long prompts are read");
        return longs;
    }

    /// <summary>The tokens of an answer with their log-probabilities.</summary>
    private static async Task<List<(int Token, float Logprob)>> ReadAsync(GenerationRequest request)
    {
        var tokens = new List<(int, float)>();
        await foreach (var step in request.Events.ReadAllAsync())
        {
            tokens.AddRange(step.Tokens.Select(token => (token.Token, token.Logprob)));
        }

        Assert.Equal(request.Units.Output, tokens.Count);
        return tokens;
    }
}
