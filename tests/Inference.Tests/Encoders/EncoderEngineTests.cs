using Microsoft.Extensions.Time.Testing;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Encoders;

public sealed class EncoderEngineTests
{
    private static readonly Party One = new(Guid.NewGuid());
    private static readonly Party Other = new(Guid.NewGuid());
    private static readonly Party Third = new(Guid.NewGuid());

    [Fact]
    public async Task RunAsync_gives_each_request_the_output_of_its_rows_and_counts_their_tokens()
    {
        var graph = new ScriptedGraph();
        var request = new ScriptedRequest(One, mark: 2, 3, 50, 4);

        var outcome = await graph.AskAsync(request);

        Assert.Equal(EncoderOutcome.Done, outcome);
        Assert.Equal([6, 100, 8], request.Numbers);
        Assert.Equal(57, request.Tokens);
        Assert.Equal([50], graph.Runs[0].Select(row => row.Length)); // The longest first; the others are of like length.
        Assert.Equal([4, 3], graph.Runs[1].Select(row => row.Length));
        Assert.Equal(default, graph.Engine.Load);
    }

    [Fact]
    public async Task A_warm_up_runs_one_row_and_the_largest_batch()
    {
        var graph = new ScriptedGraph();

        await EncoderWarmUp.RunAsync(graph.Engine, context: 512, CancellationToken.None);

        Assert.Equal([1, 64], graph.Runs.Select(run => run.Length)); // 64 rows of 32 tokens are 2,048.
        Assert.All(graph.Runs.SelectMany(run => run), row => Assert.Equal(32, row.Length));
    }

    [Fact]
    public async Task Requests_that_wait_share_a_run_whoever_asks()
    {
        var graph = new ScriptedGraph();
        var (blockers, asked) = await BlockAsync(graph);
        var waiting = Enumerable.Range(0, 30)
            .Select(i => new ScriptedRequest(i % 2 == 0 ? One : new Party(Guid.NewGuid()), 1, 10 + (i % 3))).ToList();
        asked.AddRange(waiting.Select(request => graph.AskAsync(request)));

        graph.Open();
        await Task.WhenAll(asked);

        Assert.All(waiting, request => Assert.Equal(request.Tokens, request.Numbers[0]));
        Assert.InRange(graph.Runs.Count, 3, 5); // The two that blocked, then all others; two turns that begin at once may part them.
        Assert.Equal(30 + blockers.Count, graph.Runs.Sum(run => run.Length));
    }

    [Fact]
    public async Task Rows_that_may_not_share_a_run_run_one_by_one()
    {
        var graph = new ScriptedGraph(BatchLimits.OneByOne);
        var (_, asked) = await BlockAsync(graph);
        asked.AddRange([graph.AskAsync(new ScriptedRequest(One, 1, 5, 5)), graph.AskAsync(new ScriptedRequest(Third, 1, 5))]);

        graph.Open();
        await Task.WhenAll(asked);

        Assert.All(graph.Runs, run => Assert.Single(run));
        Assert.Equal(5, graph.Runs.Count);
    }

    [Fact]
    public async Task A_long_row_waits_only_for_what_came_before_it()
    {
        var graph = new ScriptedGraph(new BatchLimits { Rows = 4, PaddedTokens = 1000 });
        var (_, asked) = await BlockAsync(graph);
        asked.AddRange(Enumerable.Range(0, 8).Select(_ => graph.AskAsync(new ScriptedRequest(One, 1, 6))));
        asked.Add(graph.AskAsync(new ScriptedRequest(One, 1, 900)));
        asked.AddRange(Enumerable.Range(0, 60).Select(_ => graph.AskAsync(new ScriptedRequest(One, 1, 6))));

        graph.Open();
        await Task.WhenAll(asked);

        var position = graph.Runs.ToList().FindIndex(run => run.Any(row => row.Length == 900));
        Assert.InRange(position, 2, 2 + 8);
        Assert.Single(graph.Runs[position]); // Short rows are not padded to it.
    }

    [Fact]
    public async Task A_cancelled_request_ends_after_the_run_that_was_begun_and_begins_no_other()
    {
        var graph = new ScriptedGraph(new BatchLimits { Rows = 2 });
        using var leave = new CancellationTokenSource();
        graph.Close();
        var request = new ScriptedRequest(One, 1, 7, 7, 7, 7, 7);
        var asked = graph.AskAsync(request, leave.Token);
        await Until.TrueAsync(() => graph.Runs.Count == 1, "a run has begun");

        await leave.CancelAsync();
        Assert.False(asked.IsCompleted);
        graph.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Equal(14, request.Tokens);
        Assert.Single(graph.Runs);
        Assert.Equal(default, graph.Engine.Load);
        Assert.Equal(EncoderOutcome.Done, await graph.AskAsync(new ScriptedRequest(One, 1, 1))); // The turn is free again.
    }

    [Fact]
    public async Task A_request_that_is_cancelled_before_it_begins_computes_nothing()
    {
        var graph = new ScriptedGraph();
        var request = new ScriptedRequest(One, 1, 7);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => graph.AskAsync(request, new CancellationToken(canceled: true)));

        Assert.Empty(graph.Runs);
        Assert.Equal(default, graph.Engine.Load);
    }

    [Fact]
    public async Task A_request_without_rows_or_that_refuses_runs_nothing()
    {
        var graph = new ScriptedGraph();

        Assert.Equal(EncoderOutcome.Done, await graph.AskAsync(new ScriptedRequest(One, 1)));
        Assert.Equal(EncoderOutcome.Refused, await graph.AskAsync(new ScriptedRequest(One, 1, 5) { Refuses = true }));
        Assert.Empty(graph.Runs);
    }

    [Fact]
    public async Task A_full_line_refuses_and_displaces_the_last_of_the_largest_holder()
    {
        var graph = new ScriptedGraph(places: new QueuePlaces(3, 3));
        var (_, asked) = await BlockAsync(graph);
        var held = Enumerable.Range(0, 3).Select(_ => graph.AskAsync(new ScriptedRequest(One, 1, 5))).ToList();

        var refused = await graph.AskAsync(new ScriptedRequest(One, 1, 5));
        var taken = graph.AskAsync(new ScriptedRequest(Third, 1, 5));

        Assert.Equal(EncoderOutcome.QueueFull, refused);
        Assert.Equal(EncoderOutcome.Displaced, await held[2]);
        graph.Open();
        Assert.Equal([EncoderOutcome.Done, EncoderOutcome.Done, EncoderOutcome.Done], await Task.WhenAll(held[0], held[1], taken));
        await Task.WhenAll(asked);
    }

    [Fact]
    public async Task A_request_that_waits_too_long_loses_its_place()
    {
        var clock = new FakeTimeProvider();
        var graph = new ScriptedGraph(clock: clock);
        var (_, asked) = await BlockAsync(graph);
        var request = new ScriptedRequest(One, 1, 5);
        var waiting = graph.AskAsync(request);

        clock.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(EncoderOutcome.Displaced, await waiting);
        Assert.Equal(0, request.Tokens);
        graph.Open();
        await Task.WhenAll(asked); // Those that had begun go on.
    }

    [Fact]
    public async Task A_row_that_fails_ends_its_own_request_alone()
    {
        var graph = new ScriptedGraph
        {
            OnRun = run => _ = run.Any(row => row[0] == 13) ? throw new InvalidOperationException("The graph fails.") : 0,
        };
        var (_, asked) = await BlockAsync(graph);
        var (good, bad) = (new ScriptedRequest(One, 1, 5), new ScriptedRequest(One, 13, 5));
        var unread = new ScriptedRequest(One, 2, 5) { Failure = new FormatException("The request cannot read it.") };
        Task<EncoderOutcome>[] waiting = [graph.AskAsync(good), graph.AskAsync(bad), graph.AskAsync(unread)];

        graph.Open();

        Assert.Equal(EncoderOutcome.Done, await waiting[0]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => waiting[1]);
        await Assert.ThrowsAsync<FormatException>(() => waiting[2]);
        Assert.Equal((5, 0, 0), (good.Tokens, bad.Tokens, unread.Tokens));
        await Task.WhenAll(asked);
        Assert.Equal(default, graph.Engine.Load);
    }

    /// <summary>A thousand requests of seven organizations, some of them cancelled: each row runs at most once, and all end.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Random_mixes_all_end_and_count_what_ran(int seed)
    {
        var random = new Random(seed);
        var graph = new ScriptedGraph(places: new QueuePlaces(100_000, 100_000));
        var organizations = Enumerable.Range(0, 7).Select(_ => new Party(Guid.NewGuid())).ToArray();
        using var leave = new CancellationTokenSource();
        var requests = Enumerable.Range(0, 1000).Select(i =>
        {
            var lengths = Enumerable.Range(0, 1 + random.Next(random.Next(1, 20))).Select(_ => MixedLengths.Next(random, logNormal: true));
            var party = organizations[random.Next(7) * random.Next(2)];
            return (Request: new ScriptedRequest(party, i + 1, [.. lengths]), Leaves: random.Next(5) == 0);
        }).ToList();

        var asked = requests.Select(pair => Task.Run(() => graph.AskAsync(pair.Request, pair.Leaves ? leave.Token : default))).ToList();
        await Until.TrueAsync(() => graph.Runs.Count > 20, "some have run");
        await leave.CancelAsync();
        await ((Task)Task.WhenAll(asked)).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        var ran = graph.Runs.SelectMany(run => run).ToLookup(row => row[0], row => row.Length);
        for (var i = 0; i < requests.Count; i++)
        {
            var ((request, leaves), task, mark) = (requests[i], asked[i], i + 1);
            Assert.Equal(request.Tokens, ran[mark].Sum());
            Assert.True(leaves ? task.IsCanceled || task.IsCompletedSuccessfully : task.IsCompletedSuccessfully, $"{task.Exception}");
            Assert.True(task.IsCanceled || request.Numbers.Sum() == (float)request.Tokens * mark);
        }

        Assert.Equal(default, graph.Engine.Load);    }

    /// <summary>Two requests of different organizations that hold both lanes until the graph opens.</summary>
    [Fact]
    public async Task Pieces_are_counted_after_the_rows_and_rows_that_come_meanwhile_run_between_them()
    {
        var graph = new ScriptedGraph();
        var (piece, later) = (0, new ScriptedRequest(One, mark: 1, 7));
        Task<EncoderOutcome>? asked = null;
        IEnumerable<int> Pieces()
        {
            for (piece = 1; piece <= 20; piece++)
            {
                if (piece == 3)
                {
                    asked = graph.AskAsync(later);
                    Assert.True(SpinWait.SpinUntil(() => graph.Engine.Load.Active + graph.Engine.Load.Queued == 2, 10_000));
                }

                yield return 100;
            }
        }

        var atRow = 0;
        graph = new ScriptedGraph { OnRun = run => atRow = run[0].Length == 7 ? piece : 0 };
        var request = new ScriptedRequest(One, mark: 1, 5) { Pieces = Pieces() };

        Assert.Equal(EncoderOutcome.Done, await graph.AskAsync(request));
        Assert.Equal(EncoderOutcome.Done, await asked!);

        Assert.Equal((5 + 2000, 7), (request.Tokens, later.Tokens));
        Assert.InRange(atRow, 3, 5); // It waited for a piece, not for all of them.
        Assert.Equal(default, graph.Engine.Load);
    }

    [Fact]
    public async Task A_cancelled_request_begins_no_other_piece()
    {
        var graph = new ScriptedGraph();
        using var leave = new CancellationTokenSource();
        IEnumerable<int> Pieces()
        {
            yield return 100;
            leave.Cancel();
            yield return 100;
            yield return 100;
        }

        var request = new ScriptedRequest(One, mark: 1, 5) { Pieces = Pieces() };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => graph.AskAsync(request, leave.Token));

        Assert.Equal(205, request.Tokens);
        Assert.Equal(default, graph.Engine.Load);
    }

    private static async Task<(List<ScriptedRequest> Blockers, List<Task> Asked)> BlockAsync(ScriptedGraph graph)
    {
        graph.Close();
        List<ScriptedRequest> blockers = [new(One, 1, 1), new(Other, 1, 1)];
        List<Task> asked = [];
        foreach (var blocker in blockers)
        {
            asked.Add(graph.AskAsync(blocker));
            await Until.TrueAsync(() => graph.Runs.Count == asked.Count, "a run has begun");
        }

        return (blockers, asked);
    }
}
