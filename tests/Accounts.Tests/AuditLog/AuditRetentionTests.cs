using Microsoft.Extensions.DependencyInjection;
using Tollgate.Accounts.AuditLog;
using Tollgate.Accounts.Housekeeping;

namespace Tollgate.Accounts.Tests.AuditLog;

/// <summary>Entries that are older than the operator keeps them.</summary>
public sealed class AuditRetentionTests : IAsyncLifetime
{
    private readonly Guid _organization = Guid.NewGuid();
    private AccountsHost _host = null!;
    private AuditBench _audit = null!;

    public async Task InitializeAsync() =>
        _audit = new AuditBench(_host = await AccountsHost.StartAsync(redis: null, "--Audit:KeepFor=30.00:00:00"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Retention_leaves_a_chain_that_holds_and_states_what_it_deleted()
    {
        await FillAsync("40 days", 3);
        await FillAsync("1 day", 2);
        await _audit.SealAsync();

        await PurgeAsync();
        var once = await _audit.VerifyAsync(_organization);
        await PurgeAsync();
        var twice = await _audit.VerifyAsync(_organization);

        Assert.Empty(once.Breaks);
        Assert.Equal((3L, 4L, 6L), (once.Entries, once.First, once.Last));
        Assert.Equal("1 to 3 3", await _audit.ExecuteAsync(
            $"select subject || ' ' || (after ->> 'count') from accounts.audit_entries where action = 'audit.purge'"));
        Assert.Equivalent(once, twice);
    }

    [Fact]
    public async Task Retention_deletes_its_own_old_entries_too()
    {
        await FillAsync("40 days", 2);
        await PurgeAsync();
        await FillAsync("1 day", 1);
        await PurgeAsync();

        Assert.Empty((await _audit.VerifyAsync(_organization)).Breaks);
    }

    [Fact]
    public async Task A_deletion_by_hand_at_the_old_end_is_no_retention()
    {
        await FillAsync("40 days", 3);
        await FillAsync("1 day", 2);
        await PurgeAsync();

        await _audit.ForgeAsync($"delete from accounts.audit_entries where organization_id = '{_organization}' and number = 4");

        var found = Assert.Single((await _audit.VerifyAsync(_organization)).Breaks);
        Assert.Equal(5, found.Number);
        Assert.Contains("entries 1 to 4 are missing, and no valid purge states it", found.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forged_purge_does_not_pass()
    {
        await FillAsync("1 day", 4);
        await _audit.ExecuteAsync(
            $$"""
            insert into accounts.audit_entries (at, organization_id, action, subject, after)
            select now(), organization_id, 'audit.purge', '1 to 2', jsonb_build_object('first', 1, 'last', 2, 'count', 2,
              'hash', encode(hash, 'hex'), 'pepper', 'p2', 'signature', encode(sha256('x'), 'hex'))
            from accounts.audit_entries where organization_id = '{{_organization}}' and number = 2
            """);
        await _audit.ForgeAsync($"delete from accounts.audit_entries where organization_id = '{_organization}' and number <= 2");

        var found = Assert.Single((await _audit.VerifyAsync(_organization)).Breaks);

        Assert.Equal(3, found.Number);
    }

    private Task<object?> FillAsync(string age, int count) => _audit.ExecuteAsync(
        $"""
        insert into accounts.audit_entries (at, organization_id, action, subject)
        select now() - interval '{age}', '{_organization}', 'key.create', 'key ' || n from generate_series(1, {count}) n
        """);

    private Task PurgeAsync() => _audit.InScopeAsync(async services =>
    {
        await services.GetServices<IExpiringRows>().OfType<AuditRetention>().Single().DropExpiredAsync(CancellationToken.None);
        return true;
    });
}
