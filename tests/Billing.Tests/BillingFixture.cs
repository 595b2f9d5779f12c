using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Billing.Wallets;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests;

/// <summary>
/// A real Billing on a database of its own. Its background work runs only in an instance that <see cref="StartAsync"/> starts.
/// </summary>
public sealed class BillingFixture : IAsyncLifetime
{
    /// <summary>tiny-assistant: 0.50 dollars in, 1.50 out, for a million tokens.</summary>
    public static readonly Guid AssistantPrice = new("01930000-0000-7000-8000-000000000001");

    private readonly List<WebApplication> _started = [];

    /// <summary>Not started: a test calls its parts.</summary>
    public WebApplication App { get; private set; } = null!;

    public string ConnectionString { get; private set; } = "";

    /// <summary>The service's.</summary>
    public NpgsqlDataSource Database => App.Services.GetRequiredService<NpgsqlDataSource>();

    /// <summary>Shows a test everybody's rows.</summary>
    public NpgsqlDataSource Everything { get; private set; } = null!;

    /// <summary>A migrated database. Returns the connection string of the service's role.</summary>
    public static Task<string> CreateDatabaseAsync() => PostgresServer.CreateDatabaseAsync(
        "billing", connection => BillingApp.MigrateAsync([$"--Postgres:ConnectionString={connection}"], CancellationToken.None));

    public async Task InitializeAsync()
    {
        ConnectionString = await CreateDatabaseAsync();
        Everything = NpgsqlDataSource.Create(PostgresServer.SeeingAll(ConnectionString));
        App = BillingApp.Create(Arguments());
    }

    public async Task DisposeAsync()
    {
        foreach (var app in _started)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await App.DisposeAsync();
        await Everything.DisposeAsync();
        await ForeignReplay.RunAsync(ConnectionString);
    }

    /// <summary>A started instance on the same database, background work and all.</summary>
    public async Task<WebApplication> StartAsync(params string[] more)
    {
        var app = BillingApp.Create([.. Arguments(), .. more]);
        await app.StartAsync();
        _started.Add(app);
        return app;
    }

    /// <summary>A client that shows the bearer of <paramref name="caller"/>.</summary>
    public static HttpClient Client(WebApplication app, string caller)
    {
        return new HttpClient
        {
            BaseAddress = new Uri(app.Url(ListenerKind.Internal)),
            DefaultRequestHeaders = { Authorization = TestBearers.Header(caller, "billing") },
        };
    }

    /// <summary>A new organization whose wallet holds <paramref name="dollars"/>.</summary>
    public async Task<Guid> OpenWalletAsync(decimal dollars)
    {
        var organization = Guid.NewGuid();
        await App.Services.GetRequiredService<WalletOpening>()
            .OpenAsync(organization, new OpenWallet("Test", null), CancellationToken.None);
        await CreditAsync(organization, dollars);
        return organization;
    }

    /// <summary>Pays into a wallet, as a top-up does.</summary>
    public async Task CreditAsync(Guid organization, decimal dollars)
    {
        if (dollars > 0)
        {
            await using var connection = await Everything.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await Ledger.LedgerPosting.CreditAsync(
                connection,
                new Ledger.WalletCredit(
                    organization, "top_up", "Test", "stripe_clearing", dollars, $"test:{Guid.NewGuid()}", TimeProvider.System.GetUtcNow()),
                CancellationToken.None);
            await transaction.CommitAsync();
        }
    }

    /// <summary>First column of the first row.</summary>
    public async Task<T> ReadAsync<T>(string sql, params object[] values)
    {
        await using var command = Everything.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Everything.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Usage of tiny-assistant, just now.</summary>
    public static UsageEvent Usage(Guid organization, long epoch, long input, long output)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new UsageEvent
        {
            RequestId = Guid.CreateVersion7(now),
            OrganizationId = organization,
            ProjectId = new Guid("00000000-0000-0000-0000-0000000000a1"),
            KeyId = new Guid("00000000-0000-0000-0000-0000000000b1"),
            Model = "tiny-assistant",
            Endpoint = "chat.completions",
            Streamed = true,
            Attempt = 1,
            PriceVersion = AssistantPrice,
            Epoch = epoch,
            Units = new Units(input, Output: output),
            Delivered = output,
            Outcome = Outcome.Completed,
            AdmittedAt = now,
            FinishedAt = now,
        };
    }

    public string[] Arguments() =>
    [
        "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("billing"),
            $"--Postgres:ConnectionString={ConnectionString}",
        "--Leases:SealFor=00:00:00",
    ];
}
