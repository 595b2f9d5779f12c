using System.Net;
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
        Assert.Superset(
            new HashSet<string> { "organizations", "api_keys", "key_rotations", "memberships", "audit_entries" }, tables.ToHashSet());
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

    [Fact]
    public async Task Pages_that_are_opened_at_once_show_nobody_anything_of_another_organization()
    {
        var browsers = new Dictionary<string, PortalBrowser>
        {
            ["ada"] = await _host.SignUpAsync("ada@example.com"), ["bob"] = await _host.SignUpAsync("bob@example.com"),
        };
        foreach (var (name, browser) in browsers)
        {
            await browser.CreateKeyAsync($"key of {name}");
        }

        using var root = await _host.BrowseAsOperatorAsync();
        string[] paths = ["/keys", "/audit", "/members", "/keys?find=key"];
        await Parallel.ForEachAsync(Enumerable.Range(0, 120), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (turn, _) =>
        {
            if (turn % 5 == 4)
            {
                // An operator's page runs with everybody's rows, on connections that the next page gets.
                var all = await root.OpenAsync("/admin/organizations");
                Assert.True(browsers.Keys.All(one => all.Html.Contains($"{one}@example.com", StringComparison.Ordinal)), all.Html);
                return;
            }

            var (own, other) = turn % 2 == 0 ? ("ada", "bob") : ("bob", "ada");
            var page = await browsers[own].OpenAsync(paths[turn / 2 % paths.Length]);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            Assert.Contains(own, page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain($"key of {other}", page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain($"{other}@example.com", page.Html, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Contexts_that_are_used_at_once_never_see_rows_of_the_one_that_had_their_connection()
    {
        var (ada, bob) = await TwoAsync();

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (turn, _) => await UseAsync(turn, turn % 2 == 0 ? ada : bob));

        await using var scope = _host.Services.CreateAsyncScope();
        Assert.Empty(await OrganizationsAsync(scope.ServiceProvider.GetRequiredService<AccountsDb>()));
    }

    /// <summary>One user of a connection. Some forget their scope, fail, are cancelled, or leave with everybody's scope and an open
    /// transaction.</summary>
    private async Task UseAsync(int turn, Guid own)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        if (turn % 7 == 0)
        {
            Assert.Empty(await OrganizationsAsync(db));
            return;
        }

        db.Scope = OrganizationScope.Of(own);
        Assert.Equal([own], await OrganizationsAsync(db));
        var transaction = await db.Database.BeginTransactionAsync();
        switch (turn % 5)
        {
            case 0:
                db.Scope = OrganizationScope.All;
                await Assert.ThrowsAsync<PostgresException>(() => db.Database.ExecuteSqlAsync($"select 1 / 0"));
                break;
            case 1:
                db.Scope = OrganizationScope.All;
                using (var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(2)))
                {
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(
                        () => db.Database.ExecuteSqlAsync($"select pg_sleep(10)", patience.Token));
                }

                break;
            case 2:
                using (db.ForAll())
                {
                    Assert.Equal(2, (await OrganizationsAsync(db)).Count);
                }

                await transaction.RollbackAsync();
                Assert.Equal([own], await OrganizationsAsync(db));
                break;
            case 3:
                db.Scope = OrganizationScope.All;
                Assert.Equal(2, (await OrganizationsAsync(db)).Count);
                break;
            default:
                await transaction.CommitAsync();
                Assert.Equal([own], await OrganizationsAsync(db));
                break;
        }
    }

    private static Task<List<Guid>> OrganizationsAsync(AccountsDb db) =>
        db.Organizations.TagWith(ForeignReplay.Unscoped).AsNoTracking().Select(one => one.Id).ToListAsync();

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
