using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Tollgate.ServiceDefaults.Work;
using Tollgate.Testing;

namespace Tollgate.ServiceDefaults.Tests.Work;

public sealed class RecurringWorkTests : IDisposable
{
    private readonly TimerClock _clock = new();
    private readonly LogLines _log = new();

    public void Dispose() => _clock.Dispose();

    [Fact]
    public async Task Pause_begins_at_the_end_of_a_run()
    {
        using var work = new Steps(new Rhythm(Seconds(10)), _clock, _log) { Step = _ => Advance(3) };

        await work.StartAsync(default);
        await PassPauseAsync(10);
        await PassPauseAsync(10);
        await Until.TrueAsync(() => work.Begins.Count == 3, "three runs");
        await work.StopAsync(default);

        Assert.Equal([0, 13, 26], work.Begins); // A run takes 3 s, a pause 10 s.
    }

    [Fact]
    public async Task First_run_waits_for_one_interval_when_the_rhythm_wants_it()
    {
        using var work = new Steps(new Rhythm(Seconds(10), StartsAtOnce: false), _clock, _log);

        await work.StartAsync(default);
        await PassPauseAsync(10);
        await Until.TrueAsync(() => work.Begins.Count == 1, "the first run");
        await work.StopAsync(default);

        Assert.Equal([10], work.Begins);
    }

    [Fact]
    public async Task Beat_does_not_drift_and_a_late_run_follows_at_once()
    {
        using var ends = new SemaphoreSlim(0);
        using var work = new Steps(new Rhythm(Seconds(10), IsBeat: true, StartsAtOnce: false), _clock, _log) { Step = ends.WaitAsync };

        await work.StartAsync(default);
        await _clock.NextTimerAsync();
        _clock.Advance(Seconds(10));
        await Until.TrueAsync(() => work.Begins.Count == 1, "the first run");
        _clock.Advance(Seconds(3));
        ends.Release();
        await Until.TrueAsync(() => work.Ends == 1, "the end of the first run");
        _clock.Advance(Seconds(7));
        await Until.TrueAsync(() => work.Begins.Count == 2, "the second run");
        _clock.Advance(Seconds(15));
        ends.Release();
        await Until.TrueAsync(() => work.Begins.Count == 3, "the third run, 5 s late");
        ends.Release();
        await Until.TrueAsync(() => work.Ends == 3, "the end of the third run");
        _clock.Advance(Seconds(5));
        await Until.TrueAsync(() => work.Begins.Count == 4, "the fourth run");
        await work.StopAsync(default);

        Assert.Equal([10, 20, 35, 40], work.Begins);
    }

    [Fact]
    public async Task Failure_is_logged_when_it_begins_and_when_it_ends_and_stops_nothing()
    {
        using var work = new Steps(new Rhythm(Seconds(10)), _clock, _log);
        work.Step = _ => work.Begins.Count is 1 or 2 or 3 ? throw new InvalidOperationException("No bread.") : Task.CompletedTask;

        await work.StartAsync(default);
        await PassPauseAsync(10);
        await PassPauseAsync(10);
        await PassPauseAsync(10);
        await Until.TrueAsync(() => _log.Texts.Count == 2, "both lines");
        await work.StopAsync(default);

        Assert.Equal(4, work.Begins.Count);
        Assert.Equal(
            ["Error: Steps failed and is tried again. No bread.", "Information: Steps fails: over after 30.0 s and 3 tries."], _log.Texts);
    }

    [Fact]
    public async Task Expected_failure_is_logged_in_the_words_of_the_work_once_for_each_reason()
    {
        using var work = new Steps(new Rhythm(Seconds(10)), _clock, _log) { Expects = typeof(TimeoutException) };
        work.Step = _ => throw (work.Begins.Count < 3 ? new TimeoutException("Slow.") : new InvalidOperationException("Wrong."));

        await work.StartAsync(default);
        await PassPauseAsync(10);
        await PassPauseAsync(10);
        await Until.TrueAsync(() => _log.Texts.Count == 2, "both lines");
        await work.StopAsync(default);

        Assert.Equal(["Expected: Slow.", "Error: Steps failed and is tried again. Wrong."], _log.Texts);
    }

    [Fact]
    public async Task Pause_depends_on_how_the_run_ended()
    {
        using var work = new Steps(new Rhythm(Seconds(10)), _clock, _log) { Retry = Seconds(1) };
        work.Step = _ => work.Begins.Count == 1 ? throw new TimeoutException() : Task.CompletedTask;

        await work.StartAsync(default);
        await PassPauseAsync(1);
        await PassPauseAsync(10);
        await Until.TrueAsync(() => work.Begins.Count == 3, "three runs");
        await work.StopAsync(default);

        Assert.Equal([0, 1, 11], work.Begins);
    }

    [Fact]
    public async Task Wake_ends_the_present_pause_and_the_one_after_the_present_run()
    {
        using var work = new Steps(new Rhythm(Seconds(10)), _clock, _log);
        work.Step = _ =>
        {
            if (work.Begins.Count == 2)
            {
                work.WakeUp();
            }

            return Task.CompletedTask;
        };

        await work.StartAsync(default);
        await _clock.NextTimerAsync();
        work.WakeUp();
        await Until.TrueAsync(() => work.Begins.Count == 3, "three runs");
        await work.StopAsync(default);

        Assert.Equal([0, 0, 0], work.Begins);
    }

    [Fact]
    public async Task Stop_cancels_the_run_and_logs_nothing()
    {
        using var work = new Steps(new Rhythm(Seconds(10)), _clock, _log) { Step = stop => Task.Delay(Timeout.InfiniteTimeSpan, stop) };

        await work.StartAsync(default);
        await Until.TrueAsync(() => work.Begins.Count == 1, "a run");
        await work.StopAsync(default);

        Assert.True(work.ExecuteTask!.IsCompletedSuccessfully);
        Assert.Empty(_log.Texts);
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    private Task Advance(int seconds)
    {
        _clock.Advance(Seconds(seconds));
        return Task.CompletedTask;
    }

    private async Task PassPauseAsync(int seconds)
    {
        await _clock.NextTimerAsync();
        _clock.Advance(Seconds(seconds));
    }

    /// <summary>Tells when a timer was created, so that a test does not move the clock before a pause began.</summary>
    private sealed class TimerClock : FakeTimeProvider, IDisposable
    {
        private readonly SemaphoreSlim _created = new(0);

        public void Dispose() => _created.Dispose();

        public Task<bool> NextTimerAsync() => _created.WaitAsync(TimeSpan.FromSeconds(10));

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _created.Release();
            return timer;
        }
    }

    private sealed class Steps(Rhythm rhythm, FakeTimeProvider clock, LogLines lines) : RecurringWork(rhythm, clock, lines)
    {
        private readonly ConcurrentQueue<int> _begins = [];
        private volatile int _ends;

        public Func<CancellationToken, Task> Step { get; set; } = _ => Task.CompletedTask;

        public TimeSpan? Retry { get; init; }

        public Type? Expects { get; init; }

        /// <summary>Seconds after the start of the clock at which each run began.</summary>
        public ConcurrentQueue<int> Begins => _begins;

        public int Ends => _ends;

        public void WakeUp() => Wake();

        public override async Task RunOnceAsync(CancellationToken cancellationToken)
        {
            _begins.Enqueue((int)(Clock.GetUtcNow() - clock.Start).TotalSeconds);
            await Step(cancellationToken);
            _ends++;
        }

        protected override TimeSpan PauseAfter(bool succeeded) => !succeeded && Retry is { } retry ? retry : base.PauseAfter(succeeded);

        protected override bool TryLogExpected(Exception exception, string reason)
        {
            if (exception.GetType() != Expects)
            {
                return false;
            }

            lines.Texts.Add("Expected: " + reason);
            return true;
        }
    }
}
