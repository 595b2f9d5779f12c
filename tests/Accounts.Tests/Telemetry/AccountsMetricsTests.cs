using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Telemetry;

public sealed class AccountsMetricsTests
{
    [Fact]
    public async Task Sign_ins_mails_and_key_lookups_count_by_outcome()
    {
        await using var accounts = await AccountsHost.StartAsync();
        using var metrics = new RecordedMetrics(accounts.Services);

        var browser = await accounts.SignUpAsync("ada@example.com");
        await accounts.Browse().SignInAsync("ada@example.com", "not the password");
        var key = await browser.CreateKeyAsync("a key");
        using var gateway = accounts.ClientAs("gateway");
        await ResolveAsync(gateway, ApiKeyText.TryParse(key, out var publicId, out _) ? publicId : "");
        await ResolveAsync(gateway, new string('a', ApiKeyText.PublicIdLength));

        Assert.Equal(1, metrics.Sum("tollgate.accounts.sign_ins{outcome=refused}"));
        Assert.Equal(1, metrics.Sum("tollgate.accounts.sign_ins{outcome=signed_in}"));
        Assert.Equal(1, metrics.Sum("tollgate.accounts.key_lookups{outcome=found}"));
        Assert.Equal(1, metrics.Sum("tollgate.accounts.key_lookups{outcome=unknown}"));
        Assert.True(metrics.Sum("tollgate.accounts.outbox.deliveries{kind=mail,outcome=delivered}") >= 1);
        Assert.True(metrics.Sum("db.client.operation.duration{db.operation.name=EVAL,db.stored_procedure.name=SetRecordIfNewer,"
            + "db.system.name=redis}") > 0);
    }

    [Fact]
    public async Task RunOnceAsync_shows_what_waits_in_the_outbox_and_how_long()
    {
        await using var accounts = await AccountsHost.StartAsync();
        using var metrics = new RecordedMetrics(accounts.Services);
        var written = TimeProvider.System.GetUtcNow();
        await accounts.InScopeAsync<AccountsDb, int>(db =>
        {
            db.Outbox.Add(new OutboxMessage
            {
                Id = Guid.CreateVersion7(written), Kind = OutboxKind.Mail, SubjectId = Guid.NewGuid(),
                CreatedAt = written.AddMinutes(-5), NextAttemptAt = written.AddDays(1),
            });
            return db.SaveChangesAsync();
        });

        await accounts.Services.GetServices<IHostedService>().OfType<OutboxGauges>().Single().RunOnceAsync(default);

        Assert.Equal(1, metrics.Gauge("tollgate.accounts.outbox.waiting{kind=mail}"));
        Assert.InRange(metrics.Gauge("tollgate.accounts.outbox.age{kind=mail}") ?? 0, 300, 3_600);
        Assert.Equal(0, metrics.Gauge("tollgate.accounts.outbox.waiting{kind=key}"));
        Assert.Equal(0, metrics.Gauge("tollgate.accounts.outbox.age{kind=key}"));
    }

    private static async Task ResolveAsync(HttpClient gateway, string publicId) =>
        (await gateway.PostAsJsonAsync("/internal/keys/resolve", new ResolveKey(publicId), ContractsJson.Default.ResolveKey)).Dispose();
}
