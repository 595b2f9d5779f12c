using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Database;

/// <summary>
/// Gives the session of each command the scope of its context, before the command and only where it differs. A new connection has none, and
/// after a rollback the session's is unknown. Thread-safe: what it knows of a connection is in the context.
/// </summary>
internal sealed class ScopeInterceptor : IDbCommandInterceptor, IDbConnectionInterceptor, IDbTransactionInterceptor
{
    public void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) =>
        Forget(eventData.Context, OrganizationScope.None);

    public Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken)
    {
        Forget(eventData.Context, OrganizationScope.None);
        return Task.CompletedTask;
    }

    public void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => Forget(eventData.Context, null);

    public Task TransactionRolledBackAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken)
    {
        Forget(eventData.Context, null);
        return Task.CompletedTask;
    }

    public void RolledBackToSavepoint(DbTransaction transaction, TransactionEventData eventData) => Forget(eventData.Context, null);

    public Task RolledBackToSavepointAsync(
        DbTransaction transaction, TransactionEventData eventData, CancellationToken cancellationToken)
    {
        Forget(eventData.Context, null);
        return Task.CompletedTask;
    }

    public InterceptionResult<DbDataReader> ReaderExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
    {
        Apply(command, eventData);
        return result;
    }

    public async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken)
    {
        await ApplyAsync(command, eventData, cancellationToken);
        return result;
    }

    public InterceptionResult<object> ScalarExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<object> result)
    {
        Apply(command, eventData);
        return result;
    }

    public async ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result, CancellationToken cancellationToken)
    {
        await ApplyAsync(command, eventData, cancellationToken);
        return result;
    }

    public InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
    {
        Apply(command, eventData);
        return result;
    }

    public async ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken)
    {
        await ApplyAsync(command, eventData, cancellationToken);
        return result;
    }

    private static void Forget(DbContext? context, OrganizationScope? applied)
    {
        if (context is AccountsDb db)
        {
            db.AppliedScope = applied;
        }
    }

    private static void Apply(DbCommand command, CommandEventData eventData)
    {
        if (eventData.Context is AccountsDb db && db.AppliedScope != db.Scope)
        {
            db.Scope.Apply((NpgsqlConnection)command.Connection!);
            db.AppliedScope = db.Scope;
        }
    }

    private static async Task ApplyAsync(DbCommand command, CommandEventData eventData, CancellationToken cancellationToken)
    {
        if (eventData.Context is AccountsDb db && db.AppliedScope != db.Scope)
        {
            await db.Scope.ApplyAsync((NpgsqlConnection)command.Connection!, cancellationToken);
            db.AppliedScope = db.Scope;
        }
    }
}
