using Npgsql;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Books;

/// <summary>Reads what Billing booked, straight from its tables.</summary>
internal sealed class BooksReader(string connectionString)
{
    private const string Columns =
        "organization_id, request_id, seq, key_id, model, endpoint, streamed, input, cached, output, reasoning, audio_ms, images, pixels, "
        + "steps, calls, elements, delivered, outcome, source, amount";

    /// <summary>Every rule that must hold between rows, rollup, ledger and wallets at any
    /// instant; each query returns what breaks it.</summary>
    private static readonly (string Rule, string Sql)[] Rules =
    [
        ("one billable row a request", """
            select request_id::text from billing.usage_events where seq = 0 group by request_id having count(*) > 1
            """),
        ("delivered ≤ billed", """
            select request_id::text from billing.usage_events where seq = 0 and delivered > output + reasoning
            """),
        ("rows equal rollup", """
            select organization_id::text || ' ' || model || ' rows ' || coalesce(r.requests, 0) || ' rollup ' || coalesce(u.requests, 0)
            from
              (select organization_id, model, count(*) filter (where seq = 0) as requests, sum(input) as input, sum(cached) as cached,
                sum(output) as output, sum(reasoning) as reasoning, sum(audio_ms) as audio_ms, sum(images) as images,
                sum(pixels) as pixels, sum(steps) as steps, sum(calls) as calls,
                sum(elements) as elements, sum(amount) as amount from billing.usage_events group by 1, 2) r
              full join (select organization_id, model, sum(requests) as requests, sum(input) as input, sum(cached) as cached,
                sum(output) as output, sum(reasoning) as reasoning, sum(audio_ms) as audio_ms, sum(images) as images,
                sum(pixels) as pixels, sum(steps) as steps, sum(calls) as calls,
                sum(elements) as elements, sum(amount) as amount from billing.usage_rollup_hours group by 1, 2) u
              using (organization_id, model)
            where (r.requests, r.input, r.cached, r.output, r.reasoning, r.audio_ms, r.images, r.pixels, r.steps, r.calls,
              r.elements, r.amount)
              is distinct from (u.requests, u.input, u.cached, u.output, u.reasoning, u.audio_ms, u.images, u.pixels, u.steps, u.calls,
                u.elements, u.amount)
            """),
        ("rows equal revenue", """
            select organization_id::text || ' rows ' || coalesce(r.amount, 0) || ' ledger ' || coalesce(e.amount, 0) from
              (select organization_id, sum(amount) as amount from billing.usage_events group by 1 having sum(amount) <> 0) r
              full join (select organization_id, sum(amount) as amount from billing.ledger_entries where account = 'revenue' group by 1) e
              using (organization_id)
            where r.amount is distinct from e.amount
            """),
        ("every ledger transaction sums to zero", """
            select transaction_id::text from billing.ledger_entries group by organization_id, transaction_id having sum(amount) <> 0
            """),
        ("ledger equals wallet", """
            select w.organization_id::text || ' wallet ' || w.balance || ' ledger ' || coalesce(sum(e.amount), 0)
            from billing.wallets w left join billing.ledger_entries e on e.organization_id = w.organization_id and e.account = 'wallet'
            group by w.organization_id, w.balance having w.balance <> coalesce(sum(e.amount), 0)
            """),
        ("wallet not overspent", """
            select organization_id::text || ' balance ' || balance || ' leased ' || leased from billing.wallets
            where leased < 0 or balance + credit_limit < leased
            """),
        ("nothing lost to the operator", """
            select organization_id::text || ' ' || amount from billing.ledger_entries where account = 'operator_loss'
            """),
        ("nothing rejected", "select request_id::text || ' ' || reason from billing.usage_rejected where resolved_at is null"),
    ];

    /// <summary>Forgets connections to a server that was killed since.</summary>
    public static void Reconnect() => NpgsqlConnection.ClearAllPools();

    /// <summary>All rows of a request: none, or the billable one and its corrections.</summary>
    public Task<IReadOnlyList<BookedUsage>> OfRequestAsync(Guid requestId) => ReadAsync("request_id = $1", requestId);

    /// <summary>All rows of a key, oldest first.</summary>
    public Task<IReadOnlyList<BookedUsage>> OfKeyAsync(Guid keyId) => ReadAsync("key_id = $1", keyId);

    /// <summary>The one row of a request, waited for: it is shipped within a second.</summary>
    public async Task<BookedUsage> OneAsync(Guid requestId)
    {
        var rows = await Until.ValueAsync(
            async () => await OfRequestAsync(requestId) is { Count: > 0 } found ? found : null, $"usage row of {requestId:N}");
        return Assert.Single(rows);
    }

    /// <summary>Balance of an organization's wallet, US dollars.</summary>
    public async Task<decimal> BalanceAsync(Guid organizationId)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand("select balance from billing.wallets where organization_id = $1", connection)
        {
            Parameters = { new() { Value = organizationId } },
        };
        return (decimal)(await command.ExecuteScalarAsync() ?? throw new InvalidOperationException($"No wallet of {organizationId}."));
    }

    /// <summary>The only row of a query over any table, as text; null when there is none.</summary>
    public async Task<string?> TextAsync(string sql, params object[] parameters)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        return (string?)await command.ExecuteScalarAsync();
    }

    /// <summary>Makes whoever writes to a table wait, until the answer is disposed.</summary>
    public async Task<HeldUpTable> HoldUpWritesAsync(string table)
    {
        var connection = await OpenAsync();
        await using var command = new NpgsqlCommand($"begin; lock table {table} in exclusive mode", connection);
        await command.ExecuteNonQueryAsync();
        return new HeldUpTable(connection, table);
    }

    /// <summary>Fails naming every rule between rows, rollup, ledger and wallets that
    /// does not hold. All are read from one snapshot.</summary>
    public async Task AssertAgreeAsync()
    {
        var broken = new List<string>();
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        foreach (var (rule, sql) in Rules)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                broken.Add($"{rule}: {reader.GetString(0)}");
            }
        }

        Assert.Empty(broken);
    }

    private async Task<IReadOnlyList<BookedUsage>> ReadAsync(string condition, Guid id)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(
            $"select {Columns} from billing.usage_events where {condition} order by request_id, seq", connection)
        {
            Parameters = { new() { Value = id } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<BookedUsage>();
        while (await reader.ReadAsync())
        {
            rows.Add(new BookedUsage(
                reader.GetGuid(0), reader.GetGuid(1), reader.GetInt32(2), reader.GetGuid(3), reader.GetString(4), reader.GetString(5),
                reader.GetBoolean(6),
                new Units(
                    reader.GetInt64(7), reader.GetInt64(8), reader.GetInt64(9), reader.GetInt64(10), reader.GetInt64(11),
                    reader.GetInt64(12), reader.GetInt64(13), reader.GetInt64(14), reader.GetInt64(15), reader.GetInt64(16)),
                reader.GetInt64(17), (Outcome)reader.GetInt16(18), (UsageSource)reader.GetInt16(19), reader.GetDecimal(20)));
        }

        return rows;
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return connection;
    }
}

/// <summary>A table that nobody can write to; dispose lets writers go on.</summary>
internal sealed class HeldUpTable(NpgsqlConnection connection, string table) : IAsyncDisposable
{
    public async Task<bool> IsWaitedForAsync()
    {
        await using var command = new NpgsqlCommand(
            "select exists (select from pg_locks where not granted and relation = $1::regclass)", connection)
        {
            Parameters = { new() { Value = table } },
        };
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Lets the table go. A server that was killed meanwhile has done so.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (NpgsqlException)
        {
            BooksReader.Reconnect();
        }
    }
}
