using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.AuditLog;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Audit;
using Tollgate.ServiceDefaults.Data;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.AuditLog;

/// <summary>What tests of the audit log do to it: write, forge and verify.</summary>
internal sealed class AuditBench(AccountsHost host)
{
    /// <summary>Adds an entry as the service does, in a transaction of its own.</summary>
    public Task<int> AddAsync(Guid? organizationId, string action, string subject = "a subject", object? after = null) =>
        InScopeAsync(services =>
        {
            services.GetRequiredService<AuditTrail>().Add(action, subject, organizationId, after: after);
            return services.GetRequiredService<AccountsDb>().SaveChangesAsync();
        });

    public Task<AuditChainReport> VerifyAsync(Guid? organizationId) => InScopeAsync(
        services => services.GetRequiredService<AuditVerifier>().VerifyAsync(organizationId, CancellationToken.None));

    /// <summary>Runs SQL as somebody who owns the tables and switches their triggers off.</summary>
    public Task<object?> ForgeAsync(string sql) => ExecuteAsync(
        $"""
        alter table accounts.audit_entries disable trigger user;
        {sql};
        alter table accounts.audit_entries enable trigger user;
        """);

    public async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(host.Postgres));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Seals what has grown, and verifies all chains.</summary>
    public Task SealAsync() => host.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<AuditWatch>().Single()
        .RunOnceAsync(CancellationToken.None);

    public async Task<T> InScopeAsync<T>(Func<IServiceProvider, Task<T>> use)
    {
        await using var scope = host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<AccountsDb>().Scope = OrganizationScope.All;
        return await use(scope.ServiceProvider);
    }
}
