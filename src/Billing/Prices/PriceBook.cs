using Npgsql;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Prices;

/// <summary>
/// Stores the prices. A version's amounts never change; setting a price adds a version. Withdrawing a scheduled version removes its date:
/// it never comes into force, but still prices what a gateway admitted under it. Requests keep the version that they were admitted under.
/// </summary>
internal sealed class PriceBook(NpgsqlDataSource dataSource, TimeProvider clock)
{
    /// <summary>Postgres channel that notifies every instance of a change.</summary>
    public const string Channel = "billing_prices";

    /// <summary>What <see cref="ReadPrices"/> reads, separated by commas.</summary>
    public static readonly string Columns = $"{UnitKind.PriceColumns}, batch_factor";

    /// <summary>Pico-dollars per unit are dollars per million units, that is micro-dollars per unit, times this.</summary>
    private const decimal PicoPerMicro = 1_000_000m;

    /// <summary>
    /// Adds a version in force from now or from a future <see cref="SetPrice.EffectiveFrom"/>. Adds nothing if the price in force then is
    /// the same, or if any is and <see cref="SetPrice.OnlyIfMissing"/> is set.
    /// </summary>
    public async Task SetAsync(SetPrice price, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var from = price.EffectiveFrom is { } date && date > now ? date.ToUniversalTime() : now;
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('tollgate prices'), hashtext($1))", cancellationToken,
            price.Model);
        var last = await connection.ReadRowsAsync(
            $"""
            select effective_from, {Columns} from price_versions
            where model = $1 and organization_id is not distinct from $2 and effective_from <= $3
            order by effective_from desc limit 1
            """,
            row => (From: row.GetFieldValue<DateTimeOffset>(0), Prices: ReadPrices(row, 1)),
            cancellationToken,
            price.Model, price.OrganizationId is { } one ? one : null, from);
        var same = last is [var old] && (price.OnlyIfMissing || (old.Prices.BatchFactor == price.BatchTenThousandths()
            && UnitKind.All.All(kind => kind.PriceOf(old.Prices) == price.PerMillion(kind) * PicoPerMicro)));
        if (!same)
        {
            // Postgres keeps microseconds. Two changes at the same instant get consecutive ones.
            var next = last is [var before] && from - before.From < TimeSpan.FromMicroseconds(1) ? before.From.AddMicroseconds(1) : from;
            await AddAsync(connection, price, next, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>
    /// Withdraws a version that is not in force yet. Keeps its row, because a gateway whose clock is ahead may have admitted under it.
    /// </summary>
    public async Task<PriceWithdrawal> WithdrawAsync(Guid version, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var withdrawn = await connection.ReadValueAsync<long>(
            """
            with withdrawn as (
              update price_versions set effective_from = null where version = $1 and effective_from > $2 returning version)
            select count(*), count(pg_notify($3, '')) from withdrawn
            """,
            cancellationToken,
            version, clock.GetUtcNow(), Channel);
        if (withdrawn > 0)
        {
            return PriceWithdrawal.Withdrawn;
        }

        return await connection.ReadValueAsync<bool>(
            "select exists (select from price_versions where version = $1 and effective_from is not null)", cancellationToken, version)
            ? PriceWithdrawal.TooLate
            : PriceWithdrawal.Unknown;
    }

    /// <summary>Reads all versions in force now or later, for gateways.</summary>
    public async Task<PriceSnapshot> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var prices = await connection.ReadRowsAsync(
            $"""
            select model, version, effective_from, organization_id, {Columns}
            from price_versions p
            where p.effective_from is not null and not exists (
              select from price_versions n
              where n.model = p.model and n.organization_id is not distinct from p.organization_id
                and n.effective_from > p.effective_from and n.effective_from <= $1)
            order by model, organization_id nulls first, effective_from
            """,
            row => new ModelPrice(
                row.GetString(0), row.GetGuid(1), row.GetFieldValue<DateTimeOffset>(2), row.IsDBNull(3) ? null : row.GetGuid(3),
                ReadPrices(row, 4)),
            cancellationToken,
            now);
        return new PriceSnapshot(prices)
        {
            Since = prices.Select(price => price.EffectiveFrom).Where(from => from <= now).DefaultIfEmpty().Max(),
        };
    }

    private async Task AddAsync(NpgsqlConnection connection, SetPrice price, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var values = string.Join(", ", Enumerable.Range(5, Units.Length + 1).Select(place => $"${place}"));
        await connection.ExecuteAsync(
            $"""
            insert into price_versions (version, model, organization_id, effective_from, {Columns})
            values ($1, $2, $3, $4, {values})
            """,
            cancellationToken,
            [
                Guid.CreateVersion7(clock.GetUtcNow()), price.Model, price.OrganizationId is { } one ? one : null, from,
                .. UnitKind.All.Select(kind => (object)price.PerMillion(kind)),
                price.BatchTenThousandths() / (decimal)UnitPrices.WholeFactor,
            ]);
        await connection.ExecuteAsync("select pg_notify($1, '')", cancellationToken, Channel);
    }

    /// <summary>Reads <see cref="Columns"/>: dollars per million units, and the batch factor.</summary>
    /// <param name="column">The first of them.</param>
    public static UnitPrices ReadPrices(NpgsqlDataReader row, int column)
    {
        var picoUsd = default(UnitCounts);
        for (var i = 0; i < Units.Length; i++)
        {
            picoUsd[i] = decimal.ToInt64(row.GetDecimal(column + i) * PicoPerMicro);
        }

        return UnitPrices.Of(picoUsd, decimal.ToInt32(row.GetDecimal(column + Units.Length) * UnitPrices.WholeFactor));
    }
}

/// <summary>Result of a withdrawal.</summary>
internal enum PriceWithdrawal
{
    /// <summary>There is no such version, or it is withdrawn already.</summary>
    Unknown = 0,
    Withdrawn = 1,

    /// <summary>The version is or was in force.</summary>
    TooLate = 2,
}
