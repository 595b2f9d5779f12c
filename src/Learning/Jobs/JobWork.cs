using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Claims;

namespace Tollgate.Learning.Jobs;

/// <summary>What work on jobs needs. All of it is shared.</summary>
internal sealed record JobParts(
    JobProgress Progress, JobPlanning Planning, RunSender Sender, JobFigures Figures, IOptions<JobOptions> Options, TimeProvider Clock);

/// <summary>
/// One piece of work on a job that this process has claimed. It ends early when the job is cancelled or paused or goes to another process,
/// and fails the job when one of its files is deleted. Used once.
/// </summary>
internal abstract class JobWork(Job claimed, Claims<Job> claims, JobParts parts) : IClaimedRun
{
    private readonly CancellationTokenSource _lost = new(); // Nothing that this work would write counts any more.
    private readonly CancellationTokenSource _gone = new(); // A file of the job is deleted.
    private readonly CancellationTokenSource _over = new();
    private string? _missing = claimed.MissingFile;

    protected Job Job => claimed;

    protected Claims<Job> Claims => claims;

    protected JobParts Parts => parts;

    protected JobOptions Options => parts.Options.Value;

    public async Task RunAsync(CancellationToken stopping)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stopping, _lost.Token, _gone.Token);
        var watch = claims.KeepAsync(claimed.Id, Options.Every, SeenAsync, _lost, _over.Token);
        try
        {
            if (_missing is null)
            {
                await WorkAsync(ends.Token);
            }
        }
        catch (OperationCanceledException) when (_lost.IsCancellationRequested)
        {
            throw new ClaimLostException(claims.Table.What, claimed.Id);
        }
        catch (OperationCanceledException) when (_missing is not null)
        {
            // What follows fails the job.
        }
        finally
        {
            await _over.CancelAsync();
            await watch;
        }

        if (_missing is { } param)
        {
            var error = OpenAiError.TrainingFileGone(param);
            await parts.Progress.FailAsync(claims, claimed.Id, new JobError(error.Code!, error.Message, error.Param), stopping);
        }
    }

    public Task LookAsync(CancellationToken cancellationToken) => claims.LookAsync(claimed.Id, SeenAsync, _lost, cancellationToken);

    public void Dispose()
    {
        _lost.Dispose();
        _gone.Dispose();
        _over.Dispose();
    }

    /// <param name="cancellationToken">Cancelled when the work is to end early.</param>
    protected abstract Task WorkAsync(CancellationToken cancellationToken);

    /// <summary>The pause before the next try: longer with each one, at least what the gateway asks for.</summary>
    protected TimeSpan PauseAfter(int tries, TimeSpan? retryAfter)
    {
        var longer = TimeSpan.FromSeconds(1) * Math.Pow(2, Math.Min(tries, 20));
        var pause = longer < Options.LongestPause ? longer : Options.LongestPause;
        return retryAfter is { } asked && asked > pause ? asked : pause;
    }

    private async Task SeenAsync(Job now, CancellationToken cancellationToken)
    {
        if (now.MissingFile is { } missing)
        {
            _missing = missing;
            await _gone.CancelAsync();
        }
    }
}
