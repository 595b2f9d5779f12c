using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.AuditLog;

/// <summary>The chains of the audit log, written by the service and changed behind its back.</summary>
public sealed class AuditChainTests : IAsyncLifetime
{
    private readonly Guid _organization = Guid.NewGuid();
    private AccountsHost _host = null!;
    private AuditBench _audit = null!;

    public async Task InitializeAsync() => _audit = new AuditBench(_host = await AccountsHost.StartAsync());

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Thirty_parallel_writes_on_an_empty_table_make_one_chain()
    {
        Assert.Equal(0L, await _audit.ExecuteAsync("select count(*) from accounts.audit_entries"));

        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => _audit.AddAsync(_organization, "key.create", $"key {i}")));

        var report = await _audit.VerifyAsync(_organization);
        Assert.Empty(report.Breaks);
        Assert.Equal((30L, 1L, 30L), (report.Entries, report.First, report.Last));
        Assert.Equal(1L, await _audit.ExecuteAsync("select count(*) from accounts.audit_heads"));
    }

    [Fact]
    public async Task What_begins_first_and_commits_last_comes_last()
    {
        await using var slow = new NpgsqlConnection(PostgresServer.SeeingAll(_host.Postgres));
        await slow.OpenAsync();
        await using var transaction = await slow.BeginTransactionAsync();
        await using var insert = new NpgsqlCommand(
            $"insert into accounts.audit_entries (at, organization_id, action, subject) values (now(), '{_organization}', 'a.slow', 's')",
            slow, transaction);
        await insert.ExecuteNonQueryAsync();

        await _audit.AddAsync(_organization, "a.fast");
        await transaction.CommitAsync();

        Assert.Empty((await _audit.VerifyAsync(_organization)).Breaks);
        Assert.Equal(["a.fast", "a.slow"], await ActionsAsync());
    }

    [Fact]
    public async Task Transactions_about_the_same_chains_in_another_order_do_not_wait_for_each_other()
    {
        var other = Guid.NewGuid();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _audit.InScopeAsync(services =>
        {
            var trail = services.GetRequiredService<AuditTrail>();
            var (first, second) = i % 2 == 0 ? (_organization, other) : (other, _organization);
            trail.Add("a.first", "s", first);
            trail.Add("a.second", "s", second);
            return services.GetRequiredService<AccountsDb>().SaveChangesAsync();
        })));

        Assert.Equal((20L, 20L), ((await _audit.VerifyAsync(_organization)).Entries, (await _audit.VerifyAsync(other)).Entries));
        Assert.Empty((await _audit.VerifyAsync(_organization)).Breaks);
        Assert.Empty((await _audit.VerifyAsync(other)).Breaks);
    }

    [Fact]
    public async Task An_entry_that_is_rolled_back_leaves_no_gap()
    {
        await _audit.AddAsync(_organization, "a.first");
        await _audit.ExecuteAsync(
            $"""
            begin; insert into accounts.audit_entries (at, organization_id, action, subject) values (now(), '{_organization}', 'a.b', 's');
            rollback
            """);
        await _audit.AddAsync(_organization, "a.second");

        var report = await _audit.VerifyAsync(_organization);

        Assert.Empty(report.Breaks);
        Assert.Equal(2, report.Last);
    }

    [Theory]
    [InlineData("at = at + interval '1 microsecond'")]
    [InlineData("actor_id = gen_random_uuid()")]
    [InlineData("operator_id = gen_random_uuid()")]
    [InlineData("via = 'service '")]
    [InlineData("address = '203.0.113.9'")]
    [InlineData("browser = ''")]
    [InlineData("trace = 'x'")]
    [InlineData("action = 'key.enable'")]
    [InlineData("subject = 'a subject.'")]
    [InlineData("before = '{}'")]
    [InlineData("after = '{\"größe\": 3, \"z\": [null, 2.50]}'")]
    [InlineData("previous = sha256('x')")]
    [InlineData("hash = sha256('x')")]
    public async Task Any_changed_field_of_an_entry_is_named(string change)
    {
        for (var i = 1; i <= 3; i++)
        {
            await _audit.AddAsync(_organization, "key.settings", after: new { größe = 2, z = new decimal?[] { null, 2.50m } });
        }

        Assert.Empty((await _audit.VerifyAsync(_organization)).Breaks);
        await _audit.ForgeAsync($"update accounts.audit_entries set {change} where organization_id = '{_organization}' and number = 2");

        Assert.Contains((await _audit.VerifyAsync(_organization)).Breaks, one => one.Number == 2);
    }

    [Fact]
    public async Task All_breaks_of_a_chain_are_listed()
    {
        await FillAsync(9);
        await _audit.ForgeAsync(
            $"""
            update accounts.audit_entries set subject = 'x' where organization_id = '{_organization}' and number = 2;
            delete from accounts.audit_entries where organization_id = '{_organization}' and number in (4, 5);
            update accounts.audit_entries set subject = 'x' where organization_id = '{_organization}' and number = 8
            """);

        var report = await _audit.VerifyAsync(_organization);

        Assert.Equal([2L, 6L, 8L], report.Breaks.Select(one => one.Number));
        Assert.Equal("comes after a gap: entries 4 to 5 are missing.", report.Breaks[1].Text);
    }

    [Theory]
    [InlineData("number = 1", 2, "entries 1 to 1 are missing")]
    [InlineData("number = 3", 2, "the head of the chain is entry 3")]
    [InlineData("true", 0, "the head of the chain is entry 3")]
    public async Task What_is_deleted_at_an_end_is_noticed(string which, long at, string text)
    {
        await FillAsync(3);
        await _audit.ForgeAsync($"delete from accounts.audit_entries where organization_id = '{_organization}' and ({which})");

        var found = Assert.Single((await _audit.VerifyAsync(_organization)).Breaks);

        Assert.Equal(at, found.Number);
        Assert.Contains(text, found.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_moves_the_head_too_cannot_move_the_seals()
    {
        await FillAsync(3);
        await _audit.SealAsync();
        await _audit.ForgeAsync(
            $"""
            delete from accounts.audit_entries where organization_id = '{_organization}' and number = 3;
            update accounts.audit_heads set number = 2, hash = (
              select hash from accounts.audit_entries where organization_id = '{_organization}' and number = 2)
            """);

        var found = Assert.Single((await _audit.VerifyAsync(_organization)).Breaks);

        Assert.Equal(3, found.Number);
        Assert.Matches("was sealed at .* and is missing", found.Text);
    }

    [Fact]
    public async Task Who_hashes_the_whole_chain_again_is_noticed_by_its_seal()
    {
        await FillAsync(3);
        await _audit.SealAsync();
        await _audit.ForgeAsync(
            $"""
            create temp table old as select * from accounts.audit_entries where organization_id = '{_organization}' order by id;
            delete from accounts.audit_entries where organization_id = '{_organization}';
            delete from accounts.audit_heads where chain_id = '{_organization}'
            """);
        await _audit.ExecuteAsync(
            $"""
            insert into accounts.audit_entries (at, organization_id, action, subject)
            select now(), '{_organization}', 'a.b', 'forged' from generate_series(1, 3)
            """);

        var report = await _audit.VerifyAsync(_organization);

        Assert.Equal(3, report.Entries);
        Assert.Contains(
            report.Breaks, one => one.Number == 3 && one.Text.StartsWith("is another one than was sealed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_seal_that_nobody_with_the_pepper_signed_is_a_break()
    {
        await FillAsync(2);
        await _audit.ExecuteAsync(
            $"""
            insert into accounts.audit_seals (chain_id, number, hash, sealed_at, pepper, signature)
            select organization_id, number, hash, now(), 'p2', sha256('x') from accounts.audit_entries
            where organization_id = '{_organization}' and number = 2
            """);

        var found = Assert.Single((await _audit.VerifyAsync(_organization)).Breaks);

        Assert.Equal("has a seal without a valid signature.", found.Text);
    }

    [Theory]
    [InlineData("update accounts.audit_entries set subject = 'x'")]
    [InlineData("update accounts.audit_entries set number = 7")]
    [InlineData("delete from accounts.audit_entries")]
    [InlineData("truncate accounts.audit_entries")]
    [InlineData("delete from accounts.audit_seals")]
    public async Task The_database_refuses_changes(string sql)
    {
        await FillAsync(1);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => _audit.ExecuteAsync(sql));

        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_organization_is_verified_without_the_others()
    {
        await FillAsync(2);
        await _audit.AddAsync(null, "alias.set");
        await _audit.ForgeAsync("update accounts.audit_entries set subject = 'x' where organization_id is null");

        Assert.Empty((await _audit.VerifyAsync(_organization)).Breaks);
        Assert.Single((await _audit.VerifyAsync(null)).Breaks);
    }

    private async Task FillAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await _audit.AddAsync(_organization, "key.create", $"key {i}");
        }
    }

    private Task<List<string>> ActionsAsync() => _host.InScopeAsync<AccountsDb, List<string>>(
        db => db.AuditEntries.Where(entry => entry.OrganizationId == _organization).OrderBy(entry => entry.Number)
            .Select(entry => entry.Action).ToListAsync());
}
