using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Generation;
using Tollgate.Inference.Witness;
using Tollgate.Inference.Worker;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks;

public sealed class UnaryRunTests : IDisposable
{
    private readonly DefaultHttpContext _context = new();
    private readonly TestMeters _meters = new();
    private readonly WorkerFolder _worker = new(Options.Create(new WorkerOptions { DataDirectory = TestFolder.Create("worker") }));
    private readonly WitnessLog _log;

    public UnaryRunTests() => _log = new(
        _worker, Options.Create(new WitnessOptions()), TimeProvider.System, NullLogger<WitnessLog>.Instance);

    [Fact]
    public async Task What_a_run_computed_before_it_failed_is_in_the_log()
    {
        var run = new Run(Scope(), (_, _) => throw new InvalidOperationException("The graph fails."));

        await Assert.ThrowsAsync<InvalidOperationException>(() => run.AnswerAsync(new Reply(_context)));

        Assert.True(run.Ended.IsCompletedSuccessfully);
        Assert.Equal(new Units(3), Assert.Single(_log.Read(0, 10).Entries).Units);
    }

    [Fact]
    public async Task A_cancel_is_answered_once_the_log_has_what_was_computed()
    {
        var computing = new TaskCompletionSource();
        var run = new Run(Scope(), async (_, cancellationToken) =>
        {
            computing.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException("It was not cancelled.");
        });
        var answering = run.AnswerAsync(new Reply(_context));
        await computing.Task;

        run.Cancel();
        await run.Ended;

        Assert.Equal(new Units(3), Assert.Single(_log.Read(0, 10).Entries).Units);
        await answering;
        Assert.Equal(499, _context.Response.StatusCode);
        run.Cancel(); // After its end a cancel does nothing.
    }

    [Fact]
    public async Task A_request_that_the_model_does_not_take_leaves_nothing_in_the_log()
    {
        var run = new Run(
            Scope(), (_, _) => Task.FromResult<UnaryOutcome>(new UnaryOutcome.NotTaken(OpenAiError.Overloaded(TimeSpan.FromSeconds(1)))),
            computed: 0);

        await run.AnswerAsync(new Reply(_context));

        Assert.Equal(StatusCodes.Status503ServiceUnavailable, _context.Response.StatusCode);
        Assert.Empty(_log.Read(0, 10).Entries);
    }

    [Fact]
    public async Task Nothing_is_sent_to_a_gateway_that_has_gone()
    {
        using var gone = new CancellationTokenSource();
        _context.RequestAborted = gone.Token;
        var run = new Run(Scope(), async (_, _) =>
        {
            await gone.CancelAsync();
            return new UnaryOutcome.Computed(json => json.WriteNullValue());
        });

        await run.AnswerAsync(new Reply(_context));

        Assert.Null(_context.Response.ContentType);
        Assert.Equal(new Units(3), Assert.Single(_log.Read(0, 10).Entries).Units);
    }

    public void Dispose()
    {
        _log.Dispose();
        _worker.Dispose();
    }

    private RequestScope Scope()
    {
        _context.Request.Headers[WorkerHeaders.RequestId] = Guid.NewGuid().ToString("N");
        var metrics = new InferenceMetrics(_meters);
        var guard = new HoldGuard(metrics, NullLogger<HoldGuard>.Instance);
        return new RequestScope(
            _context.Request, "model", "operation",
            new RequestRecorder(guard, _log, metrics, TimeProvider.System, NullLogger<RequestRecorder>.Instance));
    }

    /// <summary>A run that has computed some tokens before it ends in the way of the test.</summary>
    private sealed class Run(
        RequestScope scope, Func<RequestScope, CancellationToken, Task<UnaryOutcome>> compute, long computed = 3) : UnaryRun(scope)
    {
        private Units _units;

        public override Units Units => _units;

        protected override Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
        {
            _units = new Units(computed);
            return compute(Scope, cancellationToken);
        }
    }
}
