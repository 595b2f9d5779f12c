using Npgsql;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Claims;

/// <summary>Another process has the work by now, or it has ended: whatever this one would write is not written.</summary>
internal sealed class ClaimLostException(string what, Guid id)
    : Exception($"{what} {id:N} is no longer this process's: it has ended, is paused, or another process has it.");

/// <summary>
/// Rows that one process at a time works on, by a claim that it renews. Each change names the process, and is refused with
/// <see cref="ClaimLostException"/> once the row is no longer its own. Thread-safe.
/// </summary>
/// <param name="lease">A row whose process has not renewed its claim for so long goes to another one.</param>
internal sealed class Claims<T>(NpgsqlDataSource dataSource, ClaimTable<T> table, TimeSpan lease, TimeProvider clock)
    where T : class
{
    private readonly Guid _runner = Guid.NewGuid();

    public ClaimTable<T> Table => table;

    /// <summary>This process, in the column <c>runner</c>.</summary>
    public Guid Runner => _runner;

    /// <summary>Takes one row that no process has; null where there is none.</summary>
    /// <param name="own">What this process works on: it may have stood still for longer than its claims last.</param>
    public async Task<T?> ClaimAsync(IEnumerable<Guid> own, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        return (await connection.ReadRowsAsync(
            $"""
            update {table.Name} set runner = $2, runner_until = $3{table.Sets}
            where id = (
              select id from {table.Name}
              where {table.IsLive} and {table.IsDue} and (runner is null or runner_until < $1) and id <> all($4)
              order by {table.Order} limit 1 for update skip locked)
            returning {table.Columns}
            """,
            table.Read, cancellationToken, now, _runner, now + lease, own.ToArray())).FirstOrDefault();
    }

    /// <summary>Keeps a row, and shows it as it is now.</summary>
    /// <exception cref="ClaimLostException">It is no longer this process's.</exception>
    public async Task<T> RenewAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        return (await connection.ReadRowsAsync(
            $"update {table.Name} set runner_until = $3 where id = $1 and runner = $2 and {table.IsLive} returning {table.Columns}",
            table.Read, cancellationToken, id, _runner, clock.GetUtcNow() + lease)).FirstOrDefault()
            ?? throw new ClaimLostException(table.What, id);
    }

    /// <summary>Lets another process take a row at once.</summary>
    public async Task ReleaseAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await connection.ExecuteAsync(
            $"update {table.Name} set runner = null, runner_until = null where id = $1 and runner = $2", cancellationToken, id, _runner);
    }

    /// <summary>Changes a row of this process.</summary>
    /// <inheritdoc cref="ChangeAsync(NpgsqlConnection, Guid, string, CancellationToken, object[])"/>
    public async Task ChangeAsync(Guid id, string update, CancellationToken cancellationToken, params object?[] values)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await ChangeAsync(connection, id, update, cancellationToken, values);
    }

    /// <summary>Changes a row of this process.</summary>
    /// <param name="update">Without a condition. Its parameters begin with <c>$3</c>.</param>
    /// <exception cref="ClaimLostException">It is no longer this process's.</exception>
    public async Task ChangeAsync(
        NpgsqlConnection connection, Guid id, string update, CancellationToken cancellationToken, params object?[] values)
    {
        var changed = await connection.ExecuteAsync(
            $"{update} where id = $1 and runner = $2 and {table.IsLive}", cancellationToken, [id, _runner, .. values]);
        if (changed == 0)
        {
            throw new ClaimLostException(table.What, id);
        }
    }

    /// <summary>Keeps a row until the run is over, and shows it to the run again and again.</summary>
    /// <param name="seen">Gets the row as it is now.</param>
    /// <param name="lost">Cancelled when the row is no longer this process's.</param>
    public async Task KeepAsync(
        Guid id, TimeSpan every, Func<T, CancellationToken, Task> seen, CancellationTokenSource lost, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(every, clock, over);
                await seen(await RenewAsync(id, over), over);
            }
            catch (ClaimLostException)
            {
                await lost.CancelAsync();
                return;
            }
            catch (Exception exception) when (exception is OperationCanceledException || IsOutage(exception))
            {
                // The run's own writes meet the same outage. Without a renewal for too long another process has the row.
                continue;
            }
        }
    }

    /// <summary>Looks at a row at once, such as after a cancel. The run's own look finds the same later.</summary>
    public async Task LookAsync(
        Guid id, Func<T, CancellationToken, Task> seen, CancellationTokenSource lost, CancellationToken cancellationToken)
    {
        try
        {
            await seen(await RenewAsync(id, cancellationToken), cancellationToken);
        }
        catch (Exception exception) when (exception is ClaimLostException or ObjectDisposedException || IsOutage(exception))
        {
            if (exception is ClaimLostException)
            {
                await lost.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // The run may have just ended.
            }
        }
    }

    private static bool IsOutage(Exception exception) => exception is NpgsqlException or TimeoutException;
}
