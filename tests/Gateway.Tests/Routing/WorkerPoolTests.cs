using Microsoft.Extensions.Options;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Routing;

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
    public void FindCard_remembers_the_models_of_a_worker_that_went_away()
    {
        _pool.Update(First, ScriptedWorker.StatusOf("a"));
        First.Refused();

        Assert.Equal(512, _pool.FindCard("tiny-assistant")?.ContextLength);
    }
}
