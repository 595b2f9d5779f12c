using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Jobs;

/// <summary>Where trainers fetch the files of jobs and leave the models. A job that has ended answers 410.</summary>
internal static class TrainerEndpoints
{
    public static IEndpointRouteBuilder MapTrainers(this IEndpointRouteBuilder routes)
    {
        // A trainer shows a worker's bearer.
        var jobs = routes.MapInternal("/internal/training/{job:guid}", "inference");
        jobs.MapGet("/training-file", SendTrainingFileAsync);
        jobs.MapGet("/validation-file", SendValidationFileAsync);
        jobs.MapPut("/result", TakeAsync);
        return routes;
    }

    internal static Task SendTrainingFileAsync(HttpContext context, Guid job, JobFiles files) =>
        files.SendAsync(context, job, "training_file", found => found.TrainingFile);

    internal static Task SendValidationFileAsync(HttpContext context, Guid job, JobFiles files) =>
        files.SendAsync(context, job, "validation_file", found => found.ValidationFile);

    internal static Task TakeAsync(HttpContext context, Guid job, JobFiles files) => files.TakeAsync(context, job);
}

/// <summary>The files of jobs, for trainers. Thread-safe.</summary>
internal sealed class JobFiles(
    JobTable table, FileTable files, FileDownload download, ContentIntake intake, NpgsqlDataSource dataSource, JobFileParts parts)
{
    /// <param name="param">Member of the job's request.</param>
    public async Task SendAsync(HttpContext context, Guid job, string param, Func<Job, Guid?> fileOf)
    {
        if (await FindAsync(context, job) is not { } found)
        {
            return;
        }

        var error = fileOf(found) is { } id && await files.FindAsync(found.Caller, id, context.RequestAborted) is { } file
            ? await download.SendAsync(context, file)
            : OpenAiError.TrainingFileGone(param) with { Status = StatusCodes.Status404NotFound };
        if (error is not null)
        {
            await InternalError.WriteAsync(context, error);
        }
    }

    /// <summary>Seals the trained model. The same one again changes nothing.</summary>
    public async Task TakeAsync(HttpContext context, Guid job)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null; // The intake counts.
        }

        if (await FindAsync(context, job) is not { } found)
        {
            return;
        }

        try
        {
            var limit = new BodyLimit("result", parts.Options.Value.MaxResultBytes, "Jobs:MaxResultBytes");
            var (content, tar) = await intake.TakeAsync(
                context.Request.Body, stream => TrainedTar.ReadAsync(stream, context.RequestAborted), limit, context.RequestAborted);
            await KeepAsync(found, content, tar, context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (FormatException exception)
        {
            await InternalError.WriteAsync(context, OpenAiError.InvalidText("result", exception.Message));
        }
        catch (RefusalException refusal)
        {
            await InternalError.WriteAsync(context, refusal.Error);
        }
    }

    private async Task<Job?> FindAsync(HttpContext context, Guid job)
    {
        if (await table.FindAsync(job, context.RequestAborted) is { HasEnded: false } found)
        {
            return found;
        }

        context.Response.StatusCode = StatusCodes.Status410Gone;
        return null;
    }

    private async Task KeepAsync(Job job, SealedContent content, TrainedTar tar, CancellationToken cancellationToken)
    {
        var now = PublicIds.Now(parts.Clock);
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // One at a time for a job, also with its end.
        await connection.ExecuteAsync("select from jobs where id = $1 for update", cancellationToken, job.Id);
        var replaced = await connection.ReadRowsAsync(
            "delete from job_results where job_id = $1 returning blob_id", row => row.GetGuid(0), cancellationToken, job.Id);
        foreach (var blob in replaced)
        {
            await connection.ExecuteAsync("insert into removals (blob_id, since) values ($1, $2)", cancellationToken, blob, now);
        }

        await connection.ExecuteAsync(
            $"""
            insert into job_results (job_id, labels, evaluation, bytes, sha256, blob_id, wrapped_key, created_at)
            select $1, $2, $3, $4, $5, $6, $7, $8 from jobs where id = $1 and {JobStatus.IsLive}
            """,
            cancellationToken, job.Id, tar.Labels, tar.Evaluation, content.Bytes, Convert.ToHexStringLower(content.Sha256), content.Blob,
            content.WrappedKey, now);
        await transaction.CommitAsync(cancellationToken);
    }
}

/// <summary>Settings and clock of <see cref="JobFiles"/>.</summary>
internal sealed record JobFileParts(IOptions<JobOptions> Options, TimeProvider Clock);
