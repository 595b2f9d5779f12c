using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Generation;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Generation;

[Collection(nameof(TinyDecoder))]
public sealed class PrefixReuseTests(TinyDecoder tiny) : IDisposable
{
    private static readonly GenerationOptions Cold = new() { PrefixCacheMb = 0 };
    private static readonly QueueOptions Patient = new()
    {
        QueueTimeout = TimeSpan.FromMinutes(10), QueueLength = 2000, QueueLengthPerOrganization = 2000,
    };

    private readonly Guid _organization = Guid.NewGuid();
    private readonly PrefixMeters _meters = new();

    public void Dispose() => _meters.Dispose();

    [Theory]
    [InlineData(33, 0)]
    [InlineData(34, 32)] // One token alone would have other bits: two are left.
    [InlineData(65, 32)]
    [InlineData(66, 64)]
    [InlineData(320, 288)]
    [InlineData(322, 320)]
    public async Task The_same_prompt_again_gives_the_bits_of_a_cold_run_each_time_and_counts_what_was_cached(int length, int cached)
    {
        await using var warm = Start();
        var prompt = Prompt(1, length);
        var expected = await RunColdAsync(prompt);

        Assert.Equal(expected, await RunAsync(warm, prompt, new Units(length, Output: 6)));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(expected, await RunAsync(warm, prompt, new Units(length - cached, cached, 6)));
        }

        Assert.Equal(3 * cached, _meters["tokens"]);
        Assert.Equal(cached > 0 ? 3 : 0, _meters["hits"]);
    }

    [Fact]
    public async Task A_prompt_that_goes_on_otherwise_reuses_what_is_equal_alone()
    {
        await using var warm = Start();
        int[] shared = Prompt(1, 200);
        int[] other = [.. shared[..150], .. Prompt(2, 100)];
        await RunAsync(warm, shared, new Units(200, Output: 6));

        Assert.Equal(await RunColdAsync(other), await RunAsync(warm, other, new Units(250 - 128, 128, 6)));
        Assert.Equal(await RunColdAsync(shared), await RunAsync(warm, shared, new Units(200 - 192, 192, 6)));
    }

    [Fact]
    public async Task Another_organization_computes_the_same_prompt_itself_and_so_does_a_request_without_one()
    {
        await using var warm = Start();
        var prompt = Prompt(1, 200);
        await RunAsync(warm, prompt, new Units(200, Output: 6));

        foreach (var other in (Guid[])[Guid.NewGuid(), Guid.Empty, Guid.Empty])
        {
            var request = PrefixRuns.Ask([prompt], other);
            await PrefixRuns.RunAsync(warm, request);
            Assert.Equal(new Units(200, Output: 6), request.Units);
        }

        Assert.Equal(0, _meters["hits"]);
    }

    [Fact]
    public async Task Batches_and_live_traffic_of_an_organization_share_what_was_read()
    {
        await using var warm = Start();
        var prompt = Prompt(1, 200);
        var batch = new GenerationRequest(
            new(Guid.NewGuid(), 1, _organization, ServiceClass.Batch), [prompt],
            new ChoicePlan(new Sampling { Temperature = 0 }, 1, 2, 1), _ => { });
        await PrefixRuns.RunAsync(warm, batch);

        await RunAsync(warm, prompt, new Units(8, 192, 6));
    }

    [Fact]
    public async Task Prompts_that_are_read_at_the_same_time_take_from_each_other()
    {
        await using var warm = Start();
        var requests = Enumerable.Range(0, 8).Select(i => PrefixRuns.Ask([[.. Prompt(1, 400), i, i]], _organization)).ToList();

        var answers = await Task.WhenAll(requests.Select(request => PrefixRuns.RunAsync(warm, request)));

        for (var i = 0; i < requests.Count; i++)
        {
            Assert.Equal(await RunColdAsync([.. Prompt(1, 400), i, i]), answers[i]);
            Assert.Equal(402, requests[i].Units.Prompt);
        }

        Assert.InRange(requests.Sum(request => request.Units.Input), 402 + (7 * 18), (8 * 402) / 2);
    }

    [Fact]
    public async Task Choices_of_one_prompt_count_what_was_cached_once()
    {
        var prompt = Prompt(1, 200);
        var sampling = PrefixRuns.Greedy with { Temperature = 1.5f };
        foreach (var slots in (int[])[8, 1]) // With one slot every choice reads the prompt anew.
        {
            await using var cold = tiny.Start(Cold);
            var expected = await PrefixRuns.RunAsync(cold, PrefixRuns.Ask([prompt, Prompt(2, 40)], _organization, 6, 4, sampling));
            await using var warm = Start(new() { Slots = slots, ReservedSlots = 0 });
            foreach (var units in (Units[])[new(240, Output: 48), new(16, 224, 48)])
            {
                var request = PrefixRuns.Ask([prompt, Prompt(2, 40)], _organization, 6, 4, sampling);

                Assert.Equal(expected, await PrefixRuns.RunAsync(warm, request));
                Assert.Equal(units, request.Units);
            }
        }
    }

    [Fact]
    public async Task A_scored_prompt_is_computed_whole_and_leaves_nothing()
    {
        await using var warm = Start();
        var prompt = Prompt(1, 100);
        string[] scores = ["", "", ""];
        for (var i = 0; i < 3; i++)
        {
            var request = PrefixRuns.Ask([prompt], _organization, scores: true);
            scores[i] = await PrefixRuns.RunAsync(warm, request);
            Assert.Equal(new Units(100, Output: 6), request.Units);
            Assert.Equal(i == 0 ? 0 : 3, _meters["blocks"]);
            await RunAsync(warm, prompt, i == 0 ? new Units(100, Output: 6) : new Units(4, 96, 6));
        }

        Assert.Single(scores.Distinct());
    }

    [Fact]
    public async Task What_was_read_of_a_cancelled_prompt_stays_and_the_next_one_begins_there()
    {
        using var turns = new SemaphoreSlim(0);
        await using var warm = TinyDecoder.Start(
            tiny.Model, new GenerationOptions { MaxChunk = 16 }, new SteppedTokenizer(tiny.Model.Tokenizer, turns), Patient,
            _meters.Metrics);
        var running = PrefixRuns.Ask([Prompt(9, 10)], _organization, output: 40);
        Assert.Null(warm.TryEnqueue(running));
        turns.Release();
        await running.Events.WaitToReadAsync();
        var reading = PrefixRuns.Ask([Prompt(1, 300)], _organization);
        Assert.Null(warm.TryEnqueue(reading));
        turns.Release(4);
        await Until.TrueAsync(() => reading.Units.Input >= 32, "the prompt is being read");

        warm.Cancel(reading);
        turns.Release(1000);
        await reading.Ended;

        var kept = reading.Units.Input / 32 * 32;
        Assert.Equal(reading.Units.Input, reading.Units.Prompt);
        Assert.Equal(await RunColdAsync(Prompt(1, 300)), await RunAsync(warm, Prompt(1, 300), new Units(300 - kept, kept, 6)));
    }

    [Fact]
    public async Task A_stream_that_has_stated_its_prompt_keeps_to_it()
    {
        await using var warm = Start(new() { Slots = 1, ReservedSlots = 0 });
        await RunAsync(warm, Prompt(1, 100), new Units(100, Output: 6));
        await RunAsync(warm, Prompt(2, 100), new Units(100, Output: 6));
        var request = PrefixRuns.Ask([Prompt(1, 100), Prompt(2, 100)], _organization);

        request.StatePrompt(); // Before anything is read, as a stream does after its first prompt.
        var answer = await PrefixRuns.RunAsync(warm, request);

        Assert.Equal(new Units(200, Output: 12), request.Units);
        Assert.Equal($"{await RunColdAsync(Prompt(1, 100))}\n{await RunColdAsync(Prompt(2, 100))}", answer);
    }

    [Fact]
    public async Task What_rows_reserve_and_what_is_kept_share_the_memory()
    {
        // 1 MiB is 341 tokens of 3,072 bytes; each request reserves 206, so that two rows do not fit beside each other.
        var warm = Start(new() { KeyValueMemoryMb = 1 });
        var expected = new string[4];
        for (var round = 0; round < 3; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(
                i => PrefixRuns.RunAsync(warm, PrefixRuns.Ask([Prompt(i, 200)], _organization))));
            for (var i = 0; i < 4; i++)
            {
                expected[i] ??= await RunColdAsync(Prompt(i, 200));
                Assert.Equal(expected[i], answers[i]);
            }
        }

        Assert.InRange(_meters.Most["tollgate.inference.prefix.size"], 1, (341 - 206) * 3072);
        Assert.True(_meters["drops"] > 0);
        await warm.DisposeAsync();
        Assert.Equal((0, 0), (_meters["blocks"], _meters["size"]));
    }

    /// <summary>Prompts of eight organizations out of the same parts: each begins with a part that no other prompt of its organization
    /// begins with, or with one that many of them do.</summary>
    [Fact]
    public async Task A_thousand_mixed_requests_equal_cold_runs_and_nothing_crosses_organizations()
    {
        var random = new Random(3);
        var parts = Enumerable.Range(0, 40).Select(i => Prompt(i, 40)).ToArray();
        var organizations = Enumerable.Range(0, 8).Select(_ => Guid.NewGuid()).ToArray();
        var alone = organizations.ToDictionary(one => one, _ => new Queue<int>(Enumerable.Range(10, 30)));
        var asked = Enumerable.Range(0, 1000).Select(i =>
        {
            var organization = organizations[random.Next(8)];
            var isAlone = alone[organization].Count > 0 && random.Next(3) == 0;
            var first = isAlone ? alone[organization].Dequeue() : random.Next(3);
            int[] prompt = [.. parts[first], .. parts[random.Next(3)], .. Prompt(random.Next(4), random.Next(2, 20))];
            return (Prompt: prompt, IsAlone: isAlone, Request: PrefixRuns.Ask([prompt], organization, output: 2));
        }).ToList();

        // Little memory for what is kept, so that blocks come and go.
        await using var warm = TinyDecoder.Start(tiny.Model, new() { PrefixCacheMb = 1 }, queue: Patient, metrics: _meters.Metrics);
        await using var cold = TinyDecoder.Start(tiny.Model, Cold, queue: Patient);
        var answers = new List<string>();
        foreach (var wave in asked.Chunk(250))
        {
            answers.AddRange(await Task.WhenAll(wave.Select(one => PrefixRuns.RunAsync(warm, one.Request))));
        }

        var distinct = asked.Select(one => string.Join(',', one.Prompt)).Distinct().ToList();
        var expected = (await Task.WhenAll(distinct.Select(text => PrefixRuns.RunAsync(
            cold, PrefixRuns.Ask([[.. text.Split(',').Select(int.Parse)]], _organization, output: 2)))))
            .Zip(distinct).ToDictionary(pair => pair.Second, pair => pair.First);
        Assert.Equal(distinct.Count, expected.Values.Distinct().Count()); // Each answer names its prompt by its bits.
        foreach (var (one, answer) in asked.Zip(answers))
        {
            Assert.Equal(expected[string.Join(',', one.Prompt)], answer);
            Assert.Equal(one.Prompt.Length, one.Request.Units.Prompt);
            Assert.True(!one.IsAlone || one.Request.Units.Cached == 0);
        }

        Assert.Equal(_meters["tokens"], asked.Sum(one => one.Request.Units.Cached));
        Assert.InRange(_meters["hits"], 100, 1000);
        Assert.InRange(_meters["drops"], 1, long.MaxValue);
    }

    private static int[] Prompt(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(300, 4000))];
    }

    private DecoderScheduler Start(GenerationOptions? options = null) =>
        TinyDecoder.Start(tiny.Model, options, queue: Patient, metrics: _meters.Metrics);

    private async Task<string> RunColdAsync(int[] prompt)
    {
        await using var cold = tiny.Start(Cold);
        return await PrefixRuns.RunAsync(cold, PrefixRuns.Ask([prompt], _organization));
    }

    private async Task<string> RunAsync(DecoderScheduler scheduler, int[] prompt, Units expected)
    {
        var request = PrefixRuns.Ask([prompt], _organization);
        var answer = await PrefixRuns.RunAsync(scheduler, request);
        Assert.Equal(expected, request.Units);
        return answer;
    }
}
