using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Reports;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Costs;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Jobs;

/// <summary>What a run may still cost.</summary>
/// <param name="MostUsd">Null for no limit.</param>
internal sealed record RunBudget(decimal? MostUsd);

/// <summary>Figures of jobs: the file of a finished job, and what a budget has left. Thread-safe.</summary>
internal sealed class JobFigures(
    JobTable table, JobProgress progress, ContentStore contents, RequestCostClient costs, IOptions<FileLimitOptions> limits,
    TimeProvider clock)
{
    /// <summary>OpenAI's purpose of the file.</summary>
    private const string Purpose = "fine-tune-results";

    private const int PageEvents = 500;

    /// <summary>What the next run may cost; null while an earlier run is not booked, so that nobody knows.</summary>
    public async Task<RunBudget?> MostUsdAsync(Job job, CancellationToken cancellationToken)
    {
        if (job.UsdBudget is not { } budget)
        {
            return new RunBudget(null);
        }

        var spent = 0m;
        foreach (var group in (await progress.ListRequestsAsync(job.Id, cancellationToken)).GroupBy(request => request.IsCertain))
        {
            foreach (var page in group.Chunk(RequestCostQuery.Most))
            {
                Guid[] requests = [.. page.Select(request => request.Request)];
                if (await costs.SumAsync(job.Caller.OrganizationId, requests, group.Key, cancellationToken) is not { Amount: var amount })
                {
                    return null;
                }

                spent += amount;
            }
        }

        return new RunBudget(Math.Max(0, budget - spent));
    }

    /// <summary>Ends a job whose last event came.</summary>
    /// <returns>False when the trainer has left no model.</returns>
    public async Task<bool> FinishAsync(Claims<Job> claims, Job job, TrainingEvent finished, CancellationToken cancellationToken)
    {
        var content = await WriteAsync(job, cancellationToken);
        var now = PublicIds.Now(clock);
        var file = StoredFile.Of(
            Guid.CreateVersion7(now), new FileDescription($"{job.PublicId}_metrics.csv", "text/csv", Purpose, null), content, null, now,
            limits.Value.EndOf(now, null));
        return await progress.SucceedAsync(claims, job, finished, (file, content), cancellationToken);
    }

    private async Task<SealedContent> WriteAsync(Job job, CancellationToken cancellationToken)
    {
        var rows = new SortedDictionary<long, JobMetrics>();
        var after = 0;
        while (await table.ReadEventsAsync(job, after, PageEvents, cancellationToken) is [_, ..] page)
        {
            foreach (var data in page.Select(one => one.Data).OfType<string>())
            {
                if (JsonSerializer.Deserialize(data, JobJson.Default.JobMetrics) is { Step: { } step } figures)
                {
                    rows[step] = rows.TryGetValue(step, out var before) ? Join(before, figures) : figures;
                }
            }

            after = page[^1].Number;
        }

        await using var writer = await contents.CreateAsync(cancellationToken);
        var text = new StringBuilder("step,train_loss,valid_loss,accuracy,macro_f1\n");
        foreach (var (step, row) in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"{step},{Of(row.TrainLoss)},{Of(row.ValidLoss)},")
                .Append(CultureInfo.InvariantCulture, $"{Of(row.Accuracy)},{Of(row.MacroF1)}\n");
        }

        await writer.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancellationToken);
        return await writer.FinishAsync(cancellationToken);
    }

    private static JobMetrics Join(JobMetrics before, JobMetrics after) => after with
    {
        TrainLoss = after.TrainLoss ?? before.TrainLoss,
        ValidLoss = after.ValidLoss ?? before.ValidLoss,
        Accuracy = after.Accuracy ?? before.Accuracy,
        MacroF1 = after.MacroF1 ?? before.MacroF1,
    };

    private static string Of(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
