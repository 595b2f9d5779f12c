using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Responses;

/// <summary>
/// The responses of projects. Every query names organization and project; a response of another one does not exist for it. One that is
/// deleted or whose time is over does not exist either.
/// </summary>
internal sealed class ResponseTable(
    NpgsqlDataSource dataSource, SealedColumn seal, LearningMetrics metrics, IOptions<ResponseOptions> options, TimeProvider clock)
{
    /// <summary>Condition of SQL; <c>$1</c> to <c>$3</c> are organization, project and now.</summary>
    public const string Live = "organization_id = $1 and project_id = $2 and deleted_at is null and expires_at > $3";

    /// <summary>
    /// Keeps a response: when this returns null, it is durable and every instance finds it. One transaction; the same response again
    /// changes nothing, also when it was deleted since.
    /// </summary>
    /// <param name="json">The text of <paramref name="content"/>.</param>
    /// <returns>The error when the organization may not keep it.</returns>
    public async Task<OpenAiError?> KeepAsync(
        FileCaller caller, Guid id, ResponseContent content, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await InsertAsync(connection, caller, id, content, json, cancellationToken))
        {
            return await IsKnownAsync(connection, caller, id, cancellationToken)
                ? null : OpenAiError.InvalidValue("response.id", "an id that no other project has");
        }

        if (await CountAsync(connection, caller.OrganizationId, json.Length, cancellationToken) is { } full)
        {
            return full;
        }

        await transaction.CommitAsync(cancellationToken);
        metrics.ResponseKept();
        return null;
    }

    /// <summary>Adds the row of a response. False when there is one of the id.</summary>
    /// <param name="json">The text of <paramref name="content"/>.</param>
    public async Task<bool> InsertAsync(
        NpgsqlConnection connection, FileCaller caller, Guid id, ResponseContent content, ReadOnlyMemory<byte> json,
        CancellationToken cancellationToken)
    {
        var (key, bytes) = seal.Seal(id, json.Span);
        var now = PublicIds.Now(clock);
        return await connection.ExecuteAsync(
            """
            insert into responses (
              organization_id, project_id, id, key_id, model, status, previous_id, bytes, item_bytes, created_at, expires_at, wrapped_key,
              content)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing
            """,
            cancellationToken, caller.OrganizationId, caller.ProjectId, id, caller.KeyId, content.Model, content.Status,
            content.PreviousId, (long)json.Length, content.ItemBytes, now, now + options.Value.Retention, key, bytes) > 0;
    }

    /// <summary>Adds a response to the organization's totals. Comes last in its transaction, so that requests of one organization wait for
    /// each other only from here to the commit.</summary>
    /// <returns>The error when the totals would pass their limits.</returns>
    public async Task<OpenAiError?> CountAsync(
        NpgsqlConnection connection, Guid organizationId, long bytes, CancellationToken cancellationToken) =>
        bytes <= options.Value.MaxTotalBytes && await connection.ExecuteAsync(
            """
            insert into response_totals as total (organization_id, responses, bytes) values ($1, 1, $2)
            on conflict (organization_id) do update set responses = total.responses + 1, bytes = total.bytes + excluded.bytes
            where total.responses < $3 and total.bytes + excluded.bytes <= $4
            """,
            cancellationToken, organizationId, bytes, options.Value.MaxResponses, options.Value.MaxTotalBytes) > 0 ? null : Full;

    /// <summary>The error when the organization has no room for another response; null when it has at the moment.</summary>
    public async Task<OpenAiError?> RefuseAsync(FileCaller caller, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        var isFull = await connection.ReadValueAsync<bool>(
            "select responses >= $2 or bytes >= $3 from response_totals where organization_id = $1",
            cancellationToken, caller.OrganizationId, options.Value.MaxResponses, options.Value.MaxTotalBytes);
        return isFull ? Full : null;
    }

    /// <summary>The content of a response; null when the project keeps none of the id. The caller disposes it.</summary>
    /// <exception cref="DamagedContentException">It does not open.</exception>
    public async Task<ResponseContent?> FindAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        var found = await connection.ReadRowsAsync(
            $"select wrapped_key, content, status from responses where {Live} and id = $4",
            row => (Json: seal.Open(id, row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1)), Status: row.GetString(2)),
            cancellationToken, caller.OrganizationId, caller.ProjectId, clock.GetUtcNow(), id);
        return found is [var (json, status)] ? ResponseContent.Read(json, status) : null;
    }

    /// <summary>Destroys the content of a response; one that waits or runs does not run any more. False when the project keeps none of the
    /// id.</summary>
    public async Task<bool> DeleteAsync(FileCaller caller, Guid id, CancellationToken cancellationToken) =>
        await DestroyAsync(caller, $"select id from responses where {Live} and id = $4 for update", id, cancellationToken) > 0;

    /// <summary>Destroys the contents of all responses of the caller's project that are kept now.</summary>
    /// <returns>How many.</returns>
    public async Task<int> DeleteAllAsync(FileCaller caller, CancellationToken cancellationToken)
    {
        const int Most = 1_000;
        var (all, some) = (0, Most);
        while (some == Most)
        {
            some = await DestroyAsync(
                caller, $"select id from responses where {Live} order by id limit $4 for update", Most, cancellationToken);
            all += some;
        }

        return all;
    }

    /// <summary>Destroys the contents of responses of an organization, of all projects, as many as one step takes.</summary>
    /// <returns>How many.</returns>
    public Task<int> DeleteOfOrganizationAsync(Guid organizationId, int most, CancellationToken cancellationToken) => DestroyAsync(
        new FileCaller(organizationId, Guid.Empty, Guid.Empty),
        "select id from responses where organization_id = $1 and deleted_at is null order by id limit $4 for update", most,
        cancellationToken);

    /// <summary>Removes responses whose time is over, and what stays of deleted ones, at most so many. Returns how many.</summary>
    public async Task<int> RemoveExpiredAsync(int most, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var removed = await connection.ReadRowsAsync(
            """
            delete from responses where id in (
              select id from responses where expires_at <= $1 order by expires_at limit $2 for update skip locked)
            returning organization_id, bytes, deleted_at is null
            """,
            row => (Organization: row.GetGuid(0), Bytes: row.GetInt64(1), WasKept: row.GetBoolean(2)),
            cancellationToken, clock.GetUtcNow(), most);
        foreach (var kept in removed.Where(one => one.WasKept).GroupBy(one => one.Organization).OrderBy(group => group.Key))
        {
            await UncountAsync(connection, kept.Key, kept.Count(), kept.Sum(one => one.Bytes), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        metrics.ResponsesRemoved("expiry", removed.Count(one => one.WasKept));
        return removed.Count;
    }

    private OpenAiError Full => OpenAiError.ResponseStorageFull(options.Value.MaxResponses, options.Value.MaxTotalBytes);

    /// <param name="select">Ids of the responses to destroy; <c>$4</c> is <paramref name="last"/>.</param>
    private async Task<int> DestroyAsync(FileCaller caller, string select, object last, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var destroyed = await connection.ReadRowsAsync(
            $"""
            update responses set deleted_at = $3, wrapped_key = null, content = null where id in ({select}) returning id, bytes
            """,
            row => (Id: row.GetGuid(0), Bytes: row.GetInt64(1)), cancellationToken, caller.OrganizationId, caller.ProjectId, now, last);
        if (destroyed.Count == 0)
        {
            return 0;
        }

        await connection.ExecuteAsync(
            "delete from response_runs where id = any($1)", cancellationToken, destroyed.Select(one => one.Id).ToArray());
        await UncountAsync(connection, caller.OrganizationId, destroyed.Count, destroyed.Sum(one => one.Bytes), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.ResponsesRemoved("request", destroyed.Count);
        return destroyed.Count;
    }

    private static Task<bool> IsKnownAsync(
        NpgsqlConnection connection, FileCaller caller, Guid id, CancellationToken cancellationToken) =>
        connection.ReadValueAsync<bool>(
            "select exists (select from responses where organization_id = $1 and project_id = $2 and id = $3)",
            cancellationToken, caller.OrganizationId, caller.ProjectId, id);

    /// <summary>Takes responses off the organization's totals.</summary>
    public static Task<int> UncountAsync(
        NpgsqlConnection connection, Guid organizationId, long responses, long bytes, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            "update response_totals set responses = responses - $2, bytes = bytes - $3 where organization_id = $1",
            cancellationToken, organizationId, responses, bytes);
}
