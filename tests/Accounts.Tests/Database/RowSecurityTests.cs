using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Records;
using Tollgate.ServiceDefaults.Data;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Database;

public sealed class RowSecurityTests : IAsyncLifetime
{
    private const string Schema = "accounts";
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    /// <summary>A session is a person's: its organization is a choice that is remembered, and it is read before that is known.</summary>
    [Fact]
    public async Task Every_table_with_an_organization_is_protected() =>
        Assert.Empty(await new RowSecurity(_host.Postgres, Schema).FindUnprotectedAsync("sessions"));

    [Fact]
    public async Task A_foreign_organization_reads_and_writes_no_row_of_any_table()
    {
        var (leaks, tables) = await new RowSecurity(await AccountsHost.CreateDatabaseAsync(), Schema).FindLeaksAsync();

        Assert.Empty(leaks);
        Assert.Superset(new HashSet<string> { "organizations", "api_keys", "key_rotations", "memberships", "audit_entries" }, tables.ToHashSet());
    }

    [Fact]
    public async Task A_context_sees_the_rows_of_its_scope_and_none_without_one()
    {
        var (ada, bob) = await TwoAsync();
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();

        Assert.Empty(await OrganizationsAsync(db));
        db.Scope = OrganizationScope.Of(ada);
        Assert.Equal([ada], await OrganizationsAsync(db));
        using (db.ForAll())
        {
            Assert.Equivalent(new[] { ada, bob }, await OrganizationsAsync(db), strict: true);
        }

        Assert.Equal([ada], await OrganizationsAsync(db));
        Assert.Equal([ada], db.Organizations.AsNoTracking().Select(one => one.Id).ToList()); // Not only awaited queries.
    }

    [Fact]
    public async Task A_scope_that_changes_within_a_transaction_holds_also_after_it_rolls_back()
    {
        var (ada, bob) = await TwoAsync();
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        using (db.ForAll())
        {
            await db.Database.OpenConnectionAsync();
            Assert.Equal(2, (await OrganizationsAsync(db)).Count);
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Scope = OrganizationScope.Of(ada);
            Assert.Equal([ada], await OrganizationsAsync(db));

            await transaction.RollbackAsync(); // Postgres gives the session the scope of before.

            Assert.Equal([ada], await OrganizationsAsync(db));
        }

        db.Scope = OrganizationScope.Of(bob);
        Assert.Equal([bob], await OrganizationsAsync(db));
    }

    [Fact]
    public async Task What_a_context_writes_for_another_organization_is_refused()
    {
        var (ada, bob) = await TwoAsync();
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        db.Scope = OrganizationScope.Of(ada);
        db.Projects.Add(new Project
        {
            Id = Guid.NewGuid(),
            OrganizationId = bob,
            Name = "Theirs",
            IsDefault = false,
            Limits = Contracts.Keys.Limits.None,
            CreatedAt = TimeProvider.System.GetUtcNow(),
        });

        var refused = await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, Assert.IsType<PostgresException>(refused.InnerException).SqlState);
    }

    [Fact]
    public async Task A_register_that_is_asked_for_a_foreign_key_finds_none_even_with_the_right_ids()
    {
        var (ada, bob) = await TwoAsync();
        var issued = await _host.InScopeAsync<KeyRegister, KeyCreation>(async keys =>
        {
            var project = await _host.InScopeAsync<AccountsDb, Guid>(
                db => db.Projects.Where(one => one.OrganizationId == bob).Select(one => one.Id).SingleAsync());
            return await keys.CreateAsync(
                new KeyOrder(Guid.NewGuid(), bob, project, "theirs", Contracts.Keys.Limits.None, KeyAccess.All, ActorId: null), default);
        });
        var key = Assert.IsType<KeyCreation.Issued>(issued).Key;
        await using var scope = _host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<AccountsDb>().Scope = OrganizationScope.Of(ada);
        var register = scope.ServiceProvider.GetRequiredService<KeyRegister>();

        Assert.Null(await register.FindAsync(bob, key.Id, default));
        Assert.Empty((await register.ListAsync(bob, null, null, null, default)).Keys);
        Assert.Equal(RecordChange.NotFound, await register.RevokeAsync(bob, key.Id, actorId: null, default));
    }

    private static Task<List<Guid>> OrganizationsAsync(AccountsDb db) =>
        db.Organizations.AsNoTracking().Select(one => one.Id).ToListAsync();

    /// <summary>Two organizations of two people.</summary>
    private async Task<(Guid Ada, Guid Bob)> TwoAsync()
    {
        await _host.SignUpAsync("ada@example.com");
        await _host.SignUpAsync("bob@example.com");
        var all = await _host.InScopeAsync<AccountsDb, List<Guid>>(
            db => db.Organizations.OrderBy(one => one.CreatedAt).Select(one => one.Id).ToListAsync());
        return (all[0], all[1]);
    }
}
