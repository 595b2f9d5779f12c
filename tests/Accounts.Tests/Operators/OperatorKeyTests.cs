using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Tests.Operators;

/// <summary>Keys of the operator's own organization, as the command line asks for them.</summary>
public sealed class OperatorKeyTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Without_an_operator_there_is_nothing_to_list_or_to_revoke()
    {
        using var list = await _host.Operators.GetAsync("/internal/keys");
        using var revoke = await _host.Operators.DeleteAsync("/internal/keys/000000000000");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (list.StatusCode, revoke.StatusCode));
    }

    [Fact]
    public async Task List_pages_over_the_keys_newest_first()
    {
        await _host.BootstrapAsync();
        for (var i = 0; i < 51; i++)
        {
            await CreateAsync($"key {i}");
        }

        var first = await ListAsync(null);
        var second = await ListAsync(first.Next);

        Assert.Equal((50, 2), (first.Keys.Count, second.Keys.Count)); // 51 and that of the bootstrap.
        Assert.Equal(["key 50", "key 49"], first.Keys.Take(2).Select(key => key.Name));
        Assert.Equal(["key 0", "First key"], second.Keys.Select(key => key.Name));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task Revoke_ends_a_key_for_good_and_writes_an_entry_of_the_command_line()
    {
        await _host.BootstrapAsync();
        var created = await CreateAsync("ci");

        using var revoked = await _host.Operators.DeleteAsync($"/internal/keys/{created.PublicId}");
        using var again = await _host.Operators.DeleteAsync($"/internal/keys/{created.PublicId}");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (revoked.StatusCode, again.StatusCode));
        Assert.Equal(KeyState.Revoked, (await ListAsync(null)).Keys.Single(key => key.Name == "ci").State);
        var entries = await _host.InScopeAsync<AccountsDb, List<AuditEntry>>(
            db => db.AuditEntries.Where(entry => entry.Action == "key.revoke").ToListAsync());
        Assert.Equal((created.PublicId, null), (Assert.Single(entries).Subject, entries[0].ActorId));
    }

    [Fact]
    public async Task Revoke_does_not_find_a_key_of_another_organization()
    {
        await _host.BootstrapAsync();
        using var ada = await _host.SignUpAsync();
        var project = await _host.InScopeAsync<AccountsDb, Project>(db => db.Projects.OrderByDescending(p => p.CreatedAt).FirstAsync());
        var theirs = await _host.InScopeAsync<KeyRegister, KeyCreation>(keys => keys.CreateAsync(
            new KeyOrder(Guid.NewGuid(), project.OrganizationId, project.Id, "ada's", Limits.None, KeyAccess.All, ActorId: null),
            CancellationToken.None));

        using var answer = await _host.Operators.DeleteAsync($"/internal/keys/{((KeyCreation.Issued)theirs).Key.PublicId}");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(["First key"], (await ListAsync(null)).Keys.Select(key => key.Name));
    }

    private async Task<CreatedKey> CreateAsync(string name)
    {
        using var response = await _host.Operators.PostAsJsonAsync("/internal/keys", new CreateOperatorKey(name, null, null, null));
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.CreatedKey))!;
    }

    private async Task<KeyListPage> ListAsync(Guid? after) => (await _host.Operators.GetFromJsonAsync(
        after is null ? "/internal/keys" : $"/internal/keys?after={after}", ContractsJson.Default.KeyListPage))!;
}
