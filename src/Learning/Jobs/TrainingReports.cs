using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Jobs;

/// <summary>Reads evaluations, with the texts of mistakes, from the sealed models that they belong to. Thread-safe.</summary>
internal sealed partial class TrainingReports(
    NpgsqlDataSource dataSource, ContentStore contents, LearningMetrics metrics, ILogger<TrainingReports> logger)
{
    /// <summary>The evaluation of a job's model, as JSON; null while it has none, and when it is deleted.</summary>
    /// <exception cref="DamagedContentException">The model does not open.</exception>
    public async Task<string?> FindAsync(Job job, CancellationToken cancellationToken)
    {
        if (await FindContentAsync(job, cancellationToken) is not var (blob, key, bytes))
        {
            return null;
        }

        try
        {
            await using var content = await contents.OpenAsync(blob, key, bytes, 0, cancellationToken);
            return await TrainedTar.ReadEvaluationAsync(content, cancellationToken);
        }
        catch (DamagedContentException exception)
        {
            metrics.ContentDamaged();
            LogDamaged(logger, exception, job.Id);
            throw;
        }
    }

    private async Task<(Guid Blob, byte[] Key, long Bytes)?> FindContentAsync(Job job, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        return (await connection.ReadRowsAsync<(Guid, byte[], long)?>(
            "select blob_id, wrapped_key, bytes from tuned_models where job_id = $1 and deleted_at is null",
            row => (row.GetGuid(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)), cancellationToken, job.Id)).FirstOrDefault();
    }

    [LoggerMessage(1, LogLevel.Error, "The model of job {Job} is damaged: restore the store, and the master key that sealed it.")]
    private static partial void LogDamaged(ILogger logger, Exception exception, Guid job);
}
