using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Deployments;

/// <summary>Sends workers the tar of a model that is deployed. Each chunk is checked before it leaves.</summary>
internal sealed partial class ModelFiles(
    NpgsqlDataSource dataSource, ContentStore contents, LearningMetrics metrics, ILogger<ModelFiles> logger)
{
    /// <summary>Answers with the tar; 404 for a model that no deployment needs, 500 for one that does not open.</summary>
    public async Task SendAsync(HttpContext context, string model)
    {
        if (await FindAsync(model, context.RequestAborted) is not var (blob, key, bytes))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        try
        {
            await using var content = await contents.OpenAsync(blob, key, bytes, 0, context.RequestAborted);
            context.Response.ContentType = "application/x-tar";
            context.Response.ContentLength = bytes;
            await content.CopyToAsync(context.Response.Body, context.RequestAborted);
            metrics.ContentSent(bytes);
        }
        catch (DamagedContentException exception)
        {
            metrics.ContentDamaged();
            LogDamaged(logger, exception, model);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    private async Task<(Guid Blob, byte[] Key, long Bytes)?> FindAsync(string model, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        return (await connection.ReadRowsAsync<(Guid, byte[], long)?>(
            """
            select blob_id, wrapped_key, bytes from tuned_models t
            where name = $1 and deleted_at is null
              and exists (select from deployments d where $1 in (d.model, d.next_model, d.previous_model))
            """,
            row => (row.GetGuid(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)), cancellationToken, model)).FirstOrDefault();
    }

    [LoggerMessage(1, LogLevel.Error, "The content of model {Model} is damaged: restore the store, and the master key that sealed it.")]
    private static partial void LogDamaged(ILogger logger, Exception exception, string model);
}
