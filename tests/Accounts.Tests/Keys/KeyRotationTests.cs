using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Tests.Keys;

public sealed class KeyRotationTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Rotate_shows_the_new_secret_once_and_keeps_the_old_one_for_the_overlap()
    {
        using var browser = await _host.SignUpAsync();
        var first = await browser.CreateKeyAsync("first");
        var made = await RecordAsync(first);
        var form = await browser.HiddenFieldsAsync($"/keys/{made.KeyId}/rotate", "rotate");

        var page = await browser.SendAsync($"/keys/{made.KeyId}/rotate", form, ("Input.OverlapHours", "24"));
        var again = await browser.SendAsync($"/keys/{made.KeyId}/rotate", form, ("Input.OverlapHours", "0"));

        var second = PortalBrowser.KeyTextOn(page);
        Assert.Equal(PortalBrowser.PublicIdOf(first), PortalBrowser.PublicIdOf(second));
        Assert.NotEqual(first, second);
        Assert.Contains("Nothing was rotated", again.Html, StringComparison.Ordinal);
        var record = await RecordAsync(first);
        Assert.Equal([Mac(second), Mac(first)], record.Secrets.Select(s => s.Mac));
        Assert.Null(record.Secrets[0].NotAfter);
        Assert.InRange(record.Secrets[1].NotAfter!.Value - TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(23), TimeSpan.FromHours(24));
        var key = await browser.OpenAsync($"/keys/{made.KeyId}");
        Assert.Contains("Both secrets work", key.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(second, key.Html, StringComparison.Ordinal);
        Assert.Contains("rotating", (await browser.OpenAsync("/keys")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_of_the_overlap_and_a_rotation_without_one_leave_the_new_secret_alone()
    {
        using var browser = await _host.SignUpAsync();
        var first = await browser.CreateKeyAsync("first");
        var path = $"/keys/{(await RecordAsync(first)).KeyId}";

        var second = PortalBrowser.KeyTextOn(await browser.SubmitAsync(path + "/rotate", "rotate", ("Input.OverlapHours", "168")));
        var ended = await browser.SubmitAndFollowAsync(path, "end-overlap");
        var afterEnd = await RecordAsync(first);
        var third = PortalBrowser.KeyTextOn(await browser.SubmitAsync(path + "/rotate", "rotate", ("Input.OverlapHours", "0")));

        Assert.Contains("in force from the next request on", ended.Html, StringComparison.Ordinal);
        Assert.Equal([Mac(second)], afterEnd.Secrets.Select(s => s.Mac));
        Assert.Equal([Mac(third)], (await RecordAsync(first)).Secrets.Select(s => s.Mac));
        Assert.Equal(
            ["key.create", "key.rotate", "key.end-overlap", "key.rotate"],
            await _host.InScopeAsync<AccountsDb, List<string>>(db => db.AuditEntries
                .Where(a => a.Subject == afterEnd.PublicId).OrderBy(a => a.Id).Select(a => a.Action).ToListAsync()));
    }

    [Fact]
    public async Task Revoked_key_is_not_rotated()
    {
        using var browser = await _host.SignUpAsync();
        var first = await browser.CreateKeyAsync("first");
        var made = await RecordAsync(first);
        await browser.SubmitAsync($"/keys/{made.KeyId}/revoke", "revoke");
        var tombstone = await RecordAsync(first);

        var rotated = await _host.InScopeAsync<KeyRegister, RotatedKey>(keys => keys.RotateAsync(
            made.OrganizationId, made.KeyId, null, tombstone.Version, TimeSpan.FromHours(1), CancellationToken.None));

        Assert.Null(rotated.Text);
        Assert.Equal(tombstone.Version, (await RecordAsync(first)).Version);
        Assert.Contains("cannot be rotated", (await browser.OpenAsync($"/keys/{made.KeyId}/rotate")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Uses_count_once_however_often_a_batch_arrives_and_only_for_their_own_rotation()
    {
        using var browser = await _host.SignUpAsync();
        var first = await browser.CreateKeyAsync("first");
        var made = await RecordAsync(first);
        var path = $"/keys/{made.KeyId}";
        var before = await browser.OpenAsync(path);
        await browser.SubmitAsync(path + "/rotate", "rotate", ("Input.OverlapHours", "1"));
        var earlier = (await RecordAsync(first)).Secrets[1].NotAfter!.Value;
        await browser.SubmitAsync(path + "/rotate", "rotate", ("Input.OverlapHours", "24"));
        var running = (await RecordAsync(first)).Secrets[1].NotAfter!.Value;
        var (now, boot) = (TimeProvider.System.GetUtcNow(), Guid.NewGuid());
        KeyUse[] uses =
        [
            new(made.KeyId, null, 40, now.AddMinutes(-3)), new(made.KeyId, running, 1_234, now.AddMinutes(-2)),
            new(made.KeyId, earlier, 7, now.AddMinutes(-4)), new(Guid.NewGuid(), null, 5, now),
        ];

        var taken = new[]
        {
            await SendAsync(new KeyUseBatch(boot, 1, uses)), await SendAsync(new KeyUseBatch(boot, 1, uses)),
            await SendAsync(new KeyUseBatch(boot, 2, [new(made.KeyId, running, 1, now.AddMinutes(-9))])),
            await SendAsync(new KeyUseBatch(Guid.NewGuid(), 1, [new(made.KeyId, running, 2, now.AddMinutes(-8))])),
        };

        Assert.Contains("<dt>Last used</dt><dd>never</dd>", before.Html, StringComparison.Ordinal);
        Assert.All(taken, status => Assert.Equal(HttpStatusCode.NoContent, status));
        var key = await browser.OpenAsync(path);
        Assert.Contains("id=\"old-calls\">1,237<", key.Html, StringComparison.Ordinal); // 1,234 + 1 + 2; the 7 are of the rotation before.
        Assert.Contains("<dt>Last used</dt><dd>2 min ago</dd>", key.Html, StringComparison.Ordinal);
        Assert.Contains(">2 min ago<", (await browser.OpenAsync("/keys")).Html, StringComparison.Ordinal);
        Assert.Equal(
            [(7L, true), (1_237L, false)],
            await _host.InScopeAsync<AccountsDb, List<(long, bool)>>(async db => [.. (await db.KeyRotations.OrderBy(r => r.RotatedAt)
                .ToListAsync()).Select(r => (r.OldSecretCalls, r.OldSecretEndedAt is not null))]));
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(new KeyUseBatch(boot, 3, [new(made.KeyId, null, 0, now)])));
    }

    [Fact]
    public async Task Uses_are_taken_from_gateways_alone()
    {
        using var response = await _host.Operators.PostAsJsonAsync("/internal/keys/uses", new KeyUseBatch(Guid.NewGuid(), 1, []));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private async Task<HttpStatusCode> SendAsync(KeyUseBatch batch)
    {
        using var gateway = _host.ClientAs("gateway");
        using var response = await gateway.PostAsJsonAsync("/internal/keys/uses", batch, ContractsJson.Default.KeyUseBatch);
        return response.StatusCode;
    }

    private Task<KeyRecord> RecordAsync(string text) => _host.RecordAsync(PortalBrowser.PublicIdOf(text));

    private static string Mac(string text)
    {
        Assert.True(ApiKeyText.TryParse(text, out _, out var secret));
        return Convert.ToBase64String(ApiKeyText.Mac(AccountsHost.Pepper, secret));
    }
}
