using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Batches;

/// <summary>A line that has not ended.</summary>
/// <param name="MayHaveRun">Whether it was asked for, or was about to be.</param>
internal readonly record struct OpenLine(InputLine Place, bool MayHaveRun);

/// <summary>Answers that are durable in the store.</summary>
/// <param name="Failed">Whether they belong to the error file.</param>
internal sealed record Segment(bool Failed, SealedContent Content);

/// <summary>
/// The state of batches while they run. Each change names this process, and is refused with <see cref="ClaimLostException"/> once another
/// one has the batch. Thread-safe.
/// </summary>
internal sealed class BatchProgress(
    NpgsqlDataSource dataSource, Claims<Batch> claims, IOptions<BatchOptions> options, TimeProvider clock)
{
    /// <summary>How batches are claimed.</summary>
    public static ClaimTable<Batch> Table { get; } = new("Batch", "batches", Batch.Columns, Batch.Read, BatchStatus.IsLive)
    {
        IdOf = batch => batch.Id,
    };

    /// <summary>Ends the validation: the lines wait. Returns the error when the organization would have too many.</summary>
    public async Task<OpenAiError?> BeginAsync(
        Batch batch, IReadOnlyList<InputLine> lines, string? model, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(batch.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await FileQuota.LockAsync(connection, batch.Caller.OrganizationId, cancellationToken);
        var (_, waiting) = await BatchTable.CountAsync(connection, batch.Caller.OrganizationId, cancellationToken);
        if (waiting + lines.Count > options.Value.MaxQueuedLines)
        {
            return OpenAiError.TooManyQueuedLines(options.Value.MaxQueuedLines, waiting, lines.Count);
        }

        var begun = await connection.ExecuteAsync(
            """
            update batches set status = 'in_progress', total = $3, model = $4, in_progress_at = $5
            where id = $1 and runner = $2 and status = 'validating'
            """,
            cancellationToken, batch.Id, claims.Runner, lines.Count, model, PublicIds.Now(clock));
        if (begun == 0)
        {
            return null; // Cancelled meanwhile: it has no lines. Or lost: the next renewal says so.
        }

        // Not COPY: Postgres refuses it for tables with row-level security.
        await connection.ExecuteAsync(
            "insert into batch_lines (batch_id, line, at, bytes) select $1, * from unnest($2::int[], $3::bigint[], $4::int[])",
            cancellationToken, batch.Id, lines.Select(line => line.Line).ToArray(), lines.Select(line => line.At).ToArray(),
            lines.Select(line => line.Bytes).ToArray());
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>Settles what a batch that is validated or runs becomes; a cancelled one stays cancelled.</summary>
    /// <param name="ending">A status that ends it.</param>
    /// <param name="errors">A JSON array; null without one.</param>
    public Task BeginEndAsync(Guid batch, string ending, string? errors, CancellationToken cancellationToken) => claims.ChangeAsync(
        batch,
        """
        update batches set status = case ending when 'cancelled' then status else 'finalizing' end, ending = coalesce(ending, $3),
          errors = coalesce(errors, $4),
          finalizing_at = case ending when 'cancelled' then finalizing_at else coalesce(finalizing_at, $5) end
        """,
        cancellationToken, ending, errors, PublicIds.Now(clock));

    /// <summary>Lines that have not ended, in the order of the file.</summary>
    /// <param name="after">Number of the line before the first one.</param>
    public async Task<IReadOnlyList<OpenLine>> ListAsync(Guid batch, int after, int most, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        return await connection.ReadRowsAsync(
            "select line, at, bytes, state from batch_lines where batch_id = $1 and line > $2 and state < 2 order by line limit $3",
            row => new OpenLine(new InputLine(row.GetInt32(0), row.GetInt64(1), row.GetInt32(2)), row.GetInt16(3) == 1),
            cancellationToken, batch, after, most);
    }

    /// <summary>Notes that lines are about to be asked for: from here on they may have run.</summary>
    public async Task MarkAskedAsync(Guid batch, IReadOnlyList<int> lines, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var marked = await connection.ExecuteAsync(
            """
            update batch_lines set state = 1 where batch_id = $1 and line = any($2) and state < 2
              and exists (select from batches where id = $1 and runner = $3)
            """,
            cancellationToken, batch, lines.ToArray(), claims.Runner);
        if (marked < lines.Count)
        {
            throw new ClaimLostException(Table.What, batch);
        }
    }

    /// <summary>Ends lines whose answers are durable, in one transaction: their states, the counts and the segments.</summary>
    /// <returns>False when an earlier try did that already and its result was lost: the segments are not used.</returns>
    public async Task<bool> SaveAsync(
        Guid batch, IReadOnlyList<LineOutcome> lines, IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        var usage = lines.Aggregate(default(LineUsage), (sum, line) => sum + line.Usage);
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var failed = lines.Count(line => line.Failed);
        await claims.ChangeAsync(
            connection, batch,
            """
            update batches set completed = completed + $3, failed = failed + $4, input_tokens = input_tokens + $5,
              cached_tokens = cached_tokens + $6, output_tokens = output_tokens + $7, reasoning_tokens = reasoning_tokens + $8
            """,
            cancellationToken, lines.Count - failed, failed, usage.Input, usage.Cached, usage.Output, usage.Reasoning);
        var ended = await connection.ExecuteAsync(
            """
            update batch_lines l set state = e.state, request_id = nullif(e.request, '00000000-0000-0000-0000-000000000000')
            from unnest($2::int[], $3::smallint[], $4::uuid[]) e (line, state, request)
            where l.batch_id = $1 and l.line = e.line and l.state < 2
            """,
            cancellationToken, batch, lines.Select(line => line.Line).ToArray(),
            lines.Select(line => (short)(line.Failed ? 3 : 2)).ToArray(),
            lines.Select(line => line.RequestId ?? Guid.Empty).ToArray());
        if (ended == 0)
        {
            return false;
        }

        if (ended != lines.Count)
        {
            throw new InvalidOperationException($"{lines.Count} lines of batch {batch:N} ended, and {ended} of them were open.");
        }

        foreach (var segment in segments)
        {
            await connection.ExecuteAsync(
                """
                insert into batch_segments (batch_id, number, failed, bytes, blob_id, wrapped_key)
                select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 from batch_segments where batch_id = $1
                """,
                cancellationToken, batch, segment.Failed, segment.Content.Bytes, segment.Content.Blob, segment.Content.WrappedKey);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>The durable answers of a batch in the order in which they came.</summary>
    public async Task<IReadOnlyList<StoredSegment>> ListSegmentsAsync(Guid batch, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        return await connection.ReadRowsAsync(
            "select failed, bytes, blob_id, wrapped_key from batch_segments where batch_id = $1 order by number",
            row => new StoredSegment(row.GetBoolean(0), row.GetInt64(1), row.GetGuid(2), row.GetFieldValue<byte[]>(3)),
            cancellationToken, batch);
    }

    /// <summary>Ends a batch: its files exist, its segments go, its status is final.</summary>
    /// <param name="made">The files with their contents.</param>
    public async Task EndAsync(Batch batch, IReadOnlyList<BatchFile> made, CancellationToken cancellationToken)
    {
        var now = PublicIds.Now(clock);
        await using var connection = await dataSource.OpenForAsync(batch.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await claims.ChangeAsync(
            connection, batch.Id,
            """
            update batches set status = ending, output_file_id = $3, error_file_id = $4,
              completed_at = case ending when 'completed' then $5::timestamptz end,
              failed_at = case ending when 'failed' then $5::timestamptz end,
              expired_at = case ending when 'expired' then $5::timestamptz end,
              cancelled_at = case ending when 'cancelled' then $5::timestamptz end,
              runner = null, runner_until = null
            """,
            cancellationToken, made.FirstOrDefault(file => !file.Failed)?.File.Id, made.FirstOrDefault(file => file.Failed)?.File.Id, now);
        foreach (var (_, file, content) in made)
        {
            await FileTable.InsertAsync(connection, batch.Caller, file, content, cancellationToken);
        }

        await connection.ExecuteAsync(
            """
            with gone as (delete from batch_segments where batch_id = $1 returning blob_id)
            insert into removals (blob_id, since) select blob_id, $2 from gone
            """,
            cancellationToken, batch.Id, now);
        await transaction.CommitAsync(cancellationToken);
    }
}

/// <summary>A segment as the database knows it.</summary>
internal sealed record StoredSegment(bool Failed, long Bytes, Guid Blob, byte[] WrappedKey);

/// <summary>A file that a batch has made.</summary>
/// <param name="Failed">Whether it is the error file.</param>
internal sealed record BatchFile(bool Failed, StoredFile File, SealedContent Content);
