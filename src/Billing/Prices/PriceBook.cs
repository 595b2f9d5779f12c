using Npgsql;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Prices;

/// <summary>
/// The prices. A version never changes; setting a price adds the next one. Requests keep the version that they were admitted under.
/// </summary>
internal sealed class PriceBook(NpgsqlDataSource dataSource, TimeProvider clock)
{
    /// <summary>Postgres channel on which every instance hears of a change.</summary>
    public const string Channel = "billing_prices";

    /// <summary>Adds a version in force from now, or from the date that it names. Setting what is in force already adds nothing.</summary>
    public async Task SetAsync(SetPrice price, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var from = price.EffectiveFrom is { } date && date > now ? date.ToUniversalTime() : now;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('tollgate prices'), hashtext($1))", cancellationToken,
            price.Model);
        var last = await connection.ReadRowsAsync(
            """
            select input, output, effective_from from price_versions
            where model = $1 and organization_id is not distinct from $2 and effective_from <= $3
            order by effective_from desc limit 1
            """,
            row => (Input: row.GetDecimal(0), Output: row.GetDecimal(1), From: row.GetFieldValue<DateTimeOffset>(2)),
            cancellationToken,
            price.Model, price.OrganizationId is { } one ? one : null, from);
        var same = last is [var old] && (price.OnlyIfMissing
            || (old.Input == price.InputPerMillion && old.Output == price.OutputPerMillion));
        if (!same)
        {
            // Postgres keeps microseconds; two changes of one instant follow each other.
            var next = last is [var before] && from - before.From < TimeSpan.FromMicroseconds(1) ? before.From.AddMicroseconds(1) : from;
            await AddAsync(connection, price, next, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>All versions in force now or later, for gateways.</summary>
    public async Task<PriceSnapshot> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var prices = await connection.ReadRowsAsync(
            """
            select model, version, effective_from, organization_id, input, cached, output, reasoning, audio_ms, image
            from price_versions p
            where p.effective_from is not null and not exists (
              select from price_versions n
              where n.model = p.model and n.organization_id is not distinct from p.organization_id
                and n.effective_from > p.effective_from and n.effective_from <= $1)
            order by model, organization_id nulls first, effective_from
            """,
            row => new ModelPrice(
                row.GetString(0), row.GetGuid(1), row.GetFieldValue<DateTimeOffset>(2), row.IsDBNull(3) ? null : row.GetGuid(3),
                new UnitPrices(Pico(row, 4), Pico(row, 5), Pico(row, 6), Pico(row, 7), Pico(row, 8), Pico(row, 9))),
            cancellationToken,
            clock.GetUtcNow());
        return new PriceSnapshot(prices);
    }

    private async Task AddAsync(NpgsqlConnection connection, SetPrice price, DateTimeOffset from, CancellationToken cancellationToken)
    {
        // Cached tokens cost what computed ones do, and hidden output what visible output does, until a price says otherwise.
        await connection.ExecuteAsync(
            """
            insert into price_versions (version, model, organization_id, effective_from, input, cached, output, reasoning, audio_ms, image)
            values ($1, $2, $3, $4, $5, $5, $6, $6, 0, 0)
            """,
            cancellationToken,
            Guid.CreateVersion7(clock.GetUtcNow()), price.Model, price.OrganizationId is { } one ? one : null, from, price.InputPerMillion,
            price.OutputPerMillion);
        await connection.ExecuteAsync("select pg_notify($1, '')", cancellationToken, Channel);
    }

    /// <summary>Dollars per million units are millionths of a dollar for one, and a million pico-dollars each.</summary>
    private static long Pico(NpgsqlDataReader row, int column) => decimal.ToInt64(row.GetDecimal(column) * 1_000_000m);
}
