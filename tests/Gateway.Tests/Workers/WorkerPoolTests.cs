using Microsoft.Extensions.Options;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Gateway.Workers;

namespace Tollgate.Gateway.Tests.Workers;

public sealed class WorkerPoolTests
{
    private readonly WorkerPool _pool = new(Options.Create(new RoutingOptions { Workers = [new("http://a/"), new("http://b/")] }));

    private Worker First => _pool.Workers[0];

    private Worker Second => _pool.Workers[1];

    [Fact]
    public void Pick_takes_the_least_loaded_worker()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a", queued: 3));
        _pool.Update(Second, ScriptedWorker.StatusOf("b"));
        Second.Enter();
        Second.Enter(); // 2 in flight against 3 queued.

        Assert.Same(Second, _pool.Pick("tiny-assistant"));
    }

    [Fact]
    public void Pick_counts_this_gateways_requests_as_they_come_and_go_and_those_of_others_as_stated()
    {
        First.Enter();
        First.Enter();
        _pool.Update(First, ScriptedWorker.StatusOf("a", queued: 1)); // Over its three models 3, of which 2 are ours.
        _pool.Update(Second, ScriptedWorker.StatusOf("b"));
        Second.Enter();
        Second.Enter();

        Assert.Same(Second, _pool.Pick("tiny-assistant")); // 2 against 3.
        First.Leave();
        First.Leave();
        Assert.Same(First, _pool.Pick("tiny-assistant")); // 2 against 1.
    }

    [Fact]
    public void Pick_weighs_requests_by_slots()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a", slots: 4));
        _pool.Update(Second, ScriptedWorker.StatusOf("b", slots: 16));
        First.Enter();
        First.Enter();
        for (var i = 0; i < 7; i++)
        {
            Second.Enter();
        }

        Assert.Same(Second, _pool.Pick("tiny-assistant")); // 7 of 16 against 2 of 4.
    }

    [Fact]
    public void Show_merges_the_directory_with_the_static_list_and_keeps_what_is_known_of_those_that_stay()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a"));
        var (first, changed) = (First, _pool.Changed);

        _pool.Show(new WorkerDirectory(
        [
            new RegisteredWorker("a", "http://a", Drained: true, Stopping: false, Left: null),
            new RegisteredWorker("c", "http://c:1", Drained: false, Stopping: false, Left: null),
            new RegisteredWorker("d", "http://d:1", Drained: false, Stopping: false, new WorkerLogEnd(Guid.NewGuid(), 7)),
        ]));
        var merged = _pool.Workers.Select(worker => (worker.Url.ToString(), worker.Drained)).ToList();
        _pool.Show(new WorkerDirectory([]));

        Assert.True(changed.IsCompleted);
        Assert.Equal([("http://a/", true), ("http://b/", false), ("http://c:1/", false)], merged);
        Assert.Same(first, First);
        Assert.False(First.Drained);
        Assert.Equal(2, _pool.Workers.Count);
    }

    [Fact]
    public void Pick_lets_equals_take_turns()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a"));
        _pool.Update(Second, ScriptedWorker.StatusOf("b"));

        Assert.NotSame(_pool.Pick("tiny-assistant"), _pool.Pick("tiny-assistant"));
    }

    [Fact]
    public void Pick_prefers_a_worker_that_was_not_tried()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a"));
        _pool.Update(Second, ScriptedWorker.StatusOf("b", queued: 50));

        Assert.Same(Second, _pool.Pick("tiny-assistant", [First]));
    }

    [Fact]
    public void Pick_skips_workers_that_drain_are_away_or_lack_the_model()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a", draining: true));
        _pool.Update(Second, ScriptedWorker.StatusOf("b"));
        Second.Refused();

        Assert.Null(_pool.Pick("tiny-assistant"));
        Assert.Null(_pool.Pick("unknown"));
    }

    [Fact]
    public void Failed_opens_the_circuit_after_three_and_an_answered_poll_closes_it()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a"));
        First.Failed();
        First.Failed();
        Assert.True(First.Healthy);

        First.Failed();
        Assert.False(First.Healthy);

        _pool.Update(First, ScriptedWorker.StatusOf("a"));
        Assert.True(First.Healthy);
    }

    [Fact]
    public void A_model_is_known_once_a_worker_can_answer_for_it()
    {
        var status = ScriptedWorker.StatusOf("a");
        var loading = status with
        {
            Models = [.. status.Models.Select(model => model with { Ready = false, State = ModelState.Loading })],
        };

        _pool.Update(First, loading);
        Assert.Empty(_pool.Cards);

        _pool.Update(First, status);
        _pool.Update(First, loading);
        Assert.Equal(status.Models.Count, _pool.Cards.Count);
    }

    [Fact]
    public void FindCard_remembers_the_models_of_a_worker_that_went_away()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a"));
        First.Refused();

        Assert.Equal(512, _pool.FindCard("tiny-assistant")?.ContextLength);
    }
}
