using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>How long answers and short prompts wait while long prompts are read, by a clock that the steps alone advance.</summary>
[Collection(nameof(TinyDecoder))]
public sealed class StallTests(TinyDecoder tiny)
{
    private const int ShortTokens = 24;
    private const int LongTokens = 480;
    private const int Token = 20;
    private static readonly Sampling Endless = new() { Temperature = 0, IgnoreEos = true };
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(287);
    private readonly FakeTimeProvider _clock = new();
    private readonly Dictionary<int, DateTimeOffset> _came = [];
    private readonly Dictionary<int, int> _read = [];
    private readonly List<TimeSpan> _firsts = [];
    private readonly List<TimeSpan> _gaps = [];
    private DateTimeOffset? _next;
    private DateTimeOffset _lastDecode;

    /// <summary>The times are about those of SmolLM2-135M on one core after a short past, milliseconds: in float32, then in int8.</summary>
    /// <param name="decode">A step of two rows, of which <paramref name="guess"/> is added for each guessed token.</param>
    /// <param name="read">A chunk, of which <paramref name="token"/> is added for each token.</param>
    [Theory]
    [InlineData(22, 3, 8, 1.05)]
    [InlineData(10, 3, 6, 0.9)]
    public async Task A_short_prompts_first_token_and_a_running_answers_next_one_come_within_two_targets(
        double decode, double guess, double read, double token)
    {
        var options = new GenerationOptions();
        DecoderScheduler? scheduler = null;
        scheduler = tiny.Start(options, engine => new WatchedEngine(engine) { Before = Note }, _clock);
        await using var started = scheduler;
        var running = Enumerable.Range(0, 2).Select(i => Request(Prompt(ShortTokens, i), output: 450, Guid.NewGuid())).ToList();
        running.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        await Until.TrueAsync(() => running.All(request => request.Units.Output > 2), "the answers run");

        var longs = Enumerable.Range(0, 8).Select(i => Request(Prompt(LongTokens, 10 + i), output: 1, Guid.Empty)).ToList();
        longs.ForEach(request => Assert.Null(scheduler.TryEnqueue(request)));
        await Task.WhenAll(longs.Select(request => request.Ended));
        running.ForEach(scheduler.Cancel);

        Assert.InRange(_firsts.Count, 15, 200);
        Assert.InRange(_firsts.Max(), TimeSpan.Zero, 2 * options.StallTarget);
        Assert.InRange(_gaps.Count, 15, 2000);
        Assert.InRange(_gaps.Max(), TimeSpan.Zero, 2 * options.StallTarget);

        void Note(EngineStep step)
        {
            var tokens = step.Reads.Sum(one => one.Length);
            _clock.Advance(TimeSpan.FromMilliseconds(
                tokens > 0 ? read + (token * tokens) : decode + (step.Verifies ? guess * 2 * 7 : 0)));
            var now = _clock.GetUtcNow();
            NoteEnds(step, now);
            for (; _next <= now; _next += Pace)
            {
                var marker = Token + _came.Count;
                _came[marker] = _next.Value;
                var request = Request([.. Enumerable.Repeat(marker, ShortTokens)], output: 1, Guid.NewGuid());
                Assert.Null(scheduler!.TryEnqueue(request));
            }
        }
    }

    /// <summary>Notes which tokens a step brings. Short prompts come as soon as a long one is read.</summary>
    private void NoteEnds(EngineStep step, DateTimeOffset now)
    {
        if (step.Decodes > 0)
        {
            if (_next is not null)
            {
                _gaps.Add(now - _lastDecode);
            }

            _lastDecode = now;
        }

        foreach (var one in step.Reads)
        {
            if (one.Distinct().Count() > 1)
            {
                _next ??= _lastDecode == default ? null : now;
                continue;
            }

            _read[one[0]] = _read.GetValueOrDefault(one[0]) + one.Length;
            if (_read[one[0]] == ShortTokens)
            {
                _firsts.Add(now - _came[one[0]]);
            }
        }
    }

    private static int[] Prompt(int length, int seed) =>
        [.. Enumerable.Range(0, length).Select(i => Token + (((i * 67) + (seed * 13)) % 200))];

    private static GenerationRequest Request(int[] prompt, int output, Guid organization) => new(
        new RequestIdentity(Guid.NewGuid(), 1, organization), [prompt], new ChoicePlan(Endless, 1, output, 1), _ => { });
}
