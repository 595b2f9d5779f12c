using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Tests.Keys;

/// <summary>How many keys an organization may have, and that each of them can be found.</summary>
public sealed class KeyListTests : IAsyncLifetime
{
    private const int Most = 130;
    private AccountsHost _host = null!;
    private PortalBrowser _browser = null!;
    private Project _project = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync(null, $"--Keys:MostPerOrganization={Most}");
        _browser = await _host.SignUpAsync();
        _project = await _host.InScopeAsync<AccountsDb, Project>(db => db.Projects.SingleAsync());
    }

    public async Task DisposeAsync()
    {
        _browser.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Of_many_at_once_exactly_as_many_are_made_as_there_may_be_and_revoking_one_makes_room()
    {
        var first = await AddManyAsync(Most - 3);

        var made = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => CreateAsync($"late {i}")));
        var page = await _browser.SubmitAsync("/keys/new", "new-key", ("Input.Name", "one more"));
        await _browser.SubmitAsync($"/keys/{first}/revoke", "revoke");
        var again = await CreateAsync("after one was revoked");

        Assert.Equal(3, made.Count(key => key is KeyCreation.Issued));
        Assert.Equal(7, made.Count(key => key is KeyCreation.TooMany));
        Assert.Contains($"This organization has {Most} keys, as many as it may have", page.Html, StringComparison.Ordinal);
        Assert.IsType<KeyCreation.Issued>(again);
    }

    [Fact]
    public async Task Pages_show_every_key_once_and_a_search_finds_the_oldest_by_name_and_by_text()
    {
        var first = await AddManyAsync(120);

        List<ApiKey> seen = [];
        Guid? after = null;
        do
        {
            var list = await _host.InScopeAsync<KeyRegister, KeyList>(
                keys => keys.ListAsync(_project.OrganizationId, null, null, after, CancellationToken.None));
            seen.AddRange(list.Keys);
            after = list.Next;
        }
        while (after is not null);

        var oldest = seen[^1];
        var newest = await _browser.OpenAsync("/keys");
        var second = await _browser.OpenAsync($"/keys?after={seen[49].Id}");
        Assert.Equal(120, seen.DistinctBy(key => key.Id).Count());
        Assert.Equal(first, oldest.Id);
        Assert.Contains($"/keys?after={seen[49].Id}", newest.Html, StringComparison.Ordinal);
        Assert.Contains(seen[50].PublicId, second.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(seen[49].PublicId, second.Html, StringComparison.Ordinal);
        foreach (var find in (string[])["KEY 0000", ApiKeyText.Prefix + oldest.PublicId[..8], oldest.PublicId])
        {
            var found = await _browser.OpenAsync($"/keys?find={Uri.EscapeDataString(find)}");
            Assert.Contains($"/keys/{oldest.Id}/revoke", found.Html, StringComparison.Ordinal);
            Assert.DoesNotContain(seen[0].PublicId, found.Html, StringComparison.Ordinal);
        }

        Assert.Contains("No such key", (await _browser.OpenAsync("/keys?find=%25&after=x")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_goes_on_from_no_other_organizations_key()
    {
        await AddManyAsync(2);
        using var grace = await _host.SignUpAsync("grace@example.com");
        var other = await _host.InScopeAsync<AccountsDb, Guid>(
            db => db.Projects.Where(p => p.Id != _project.Id).Select(p => p.OrganizationId).SingleAsync());

        var list = await _host.InScopeAsync<KeyRegister, KeyList>(async keys =>
        {
            var foreign = (await keys.ListAsync(_project.OrganizationId, null, null, null, CancellationToken.None)).Keys[0];
            return await keys.ListAsync(other, null, null, foreign.Id, CancellationToken.None);
        });

        Assert.Empty(list.Keys);
    }

    /// <summary>Adds keys without bringing them to Redis; returns the oldest.</summary>
    private Task<Guid> AddManyAsync(int count) => _host.InScopeAsync<AccountsDb, Guid>(async db =>
    {
        var now = TimeProvider.System.GetUtcNow();
        var keys = Enumerable.Range(0, count).Select(i => new ApiKey
        {
            Id = Guid.CreateVersion7(now.AddSeconds(i / 7)), // Several of one instant.
            OrganizationId = _project.OrganizationId,
            ProjectId = _project.Id,
            PublicId = ApiKeyText.Create().PublicId,
            Name = $"key {i:0000}",
            Version = Guid.CreateVersion7(now),
            Secrets = [new KeySecret("AA==", "p2", null)],
            Limits = Limits.None,
            CreatedAt = now.AddSeconds(i / 7),
        }).OrderBy(key => key.CreatedAt).ThenBy(key => key.Id.ToString("N"), StringComparer.Ordinal).ToList();
        var renamed = keys[0];
        db.AddRange(keys);
        await db.SaveChangesAsync();
        await db.ApiKeys.Where(key => key.Id == renamed.Id).ExecuteUpdateAsync(set => set.SetProperty(key => key.Name, "key 0000"));
        await db.ApiKeys.Where(key => key.Id != renamed.Id && key.Name == "key 0000").ExecuteUpdateAsync(
            set => set.SetProperty(key => key.Name, "key 9999"));
        return renamed.Id;
    });

    private Task<KeyCreation> CreateAsync(string name) =>
        _host.InScopeAsync<KeyRegister, KeyCreation>(keys => keys.CreateAsync(
            new KeyOrder(Guid.NewGuid(), _project.OrganizationId, _project.Id, name, Limits.None, KeyAccess.All, null),
            CancellationToken.None));
}
