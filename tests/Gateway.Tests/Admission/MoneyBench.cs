using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Redis;
using Tollgate.Gateway.Shipping;
using Tollgate.Gateway.Sweeping;
using Tollgate.Gateway.Telemetry;
using Tollgate.Gateway.Tests.Till;
using Tollgate.Gateway.Till;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Admission;

/// <summary>The two outcomes of an admission, for assertions: each is null when it is the other.</summary>
internal static class AdmissionOutcomes
{
    extension(AdmissionResult result)
    {
        public RequestTicket? Ticket => (result as AdmissionResult.Admitted)?.Ticket;

        public OpenAiError? Refusal => (result as AdmissionResult.Refused)?.Error;

        public Guid? AnsweredBy => (result as AdmissionResult.Refused)?.AnsweredBy;
    }
}

/// <summary>
/// The money half of gateways as production composes it, over a real Redis and real HTTP to responders that stand for Accounts and Billing.
/// Several gateways can share one bench.
/// </summary>
internal sealed class MoneyBench : IAsyncDisposable
{
    private readonly List<MoneyGateway> _gateways = [];
    private readonly ConnectionMultiplexer _connection;

    private MoneyBench(string redis, ConnectionMultiplexer connection, AccountsResponder accounts, BillingResponder billing) =>
        (RedisConnectionString, _connection, Accounts, Billing) = (redis, connection, accounts, billing);

    public string RedisConnectionString { get; }

    public AccountsResponder Accounts { get; }

    public BillingResponder Billing { get; }

    public IDatabase Redis => _connection.GetDatabase();

    /// <param name="server">Null the one that all tests share.</param>
    public static async Task<MoneyBench> StartAsync(RedisServer? server = null) =>
        await StartAsync((server ?? await RedisServer.SharedAsync()).ConnectionString);

    public static async Task<MoneyBench> StartAsync(string redis)
    {
        var connection = await ConnectionMultiplexer.ConnectAsync(redis + ",abortConnect=false,allowAdmin=true");
        return new MoneyBench(
            redis,
            connection,
            await AccountsResponder.StartAsync(connection.GetDatabase()),
            await BillingResponder.StartAsync());
    }

    /// <param name="folder">Of its journal; null a new one.</param>
    public async Task<MoneyGateway> StartGatewayAsync(string? folder = null, params string[] settings)
    {
        var gateway = await MoneyGateway.StartAsync(this, folder ?? TestFolder.Create("journal"), settings);
        _gateways.Add(gateway);
        return gateway;
    }

    /// <summary>An organization with a published key and a wallet.</summary>
    public async Task<(KeyRecord Key, string Text)> AddOrganizationAsync(
        long wallet = 1_000_000_000, Limits? keyLimits = null, Func<OrganizationPolicy, OrganizationPolicy>? policy = null)
    {
        var organizationId = Guid.NewGuid();
        Accounts.SetPolicy(organizationId, policy);
        Billing.SetWallet(organizationId, wallet);
        var key = Accounts.CreateKey(organizationId, keyLimits);
        await Accounts.PublishAsync(key.Record.PublicId);
        return key;
    }

    /// <summary>The till as Redis holds it: epoch, granted, spent, held.</summary>
    public async Task<long[]?> TillAsync(Guid organizationId)
    {
        string? till = await Redis.HashGetAsync(RedisNames.Organization(organizationId), "till");
        return till?.Split(' ').Select(long.Parse).ToArray();
    }

    public async Task<string?> FieldAsync(Guid organizationId, string field) =>
        await Redis.HashGetAsync(RedisNames.Organization(organizationId), field);

    public async Task SetFieldAsync(Guid organizationId, string field, string value) =>
        await Redis.HashSetAsync(RedisNames.Organization(organizationId), field, value);

    public async Task<int> HoldsAsync(Guid organizationId) =>
        (await Redis.HashKeysAsync(RedisNames.Organization(organizationId))).Count(
            field => ((string)field!).StartsWith("h:", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        await Accounts.DisposeAsync();
        await Billing.DisposeAsync();
        await _connection.DisposeAsync();
    }
}

/// <summary>One gateway's money half.</summary>
internal sealed class MoneyGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private bool _stopped;

    private MoneyGateway(WebApplication app, string folder) => (_app, Folder) = (app, folder);

    public string Folder { get; }

    public AdmissionControl Admission => Get<AdmissionControl>();

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public static async Task<MoneyGateway> StartAsync(MoneyBench bench, string folder, params string[] settings)
    {
        var builder = PlatformHost.CreateBuilder(
            [
                TestBearers.Argument("gateway"), "--Listen:Internal=http://127.0.0.1:0",
                $"--Services:accounts={bench.Accounts.Url}", $"--Services:billing={bench.Billing.Url}",
                $"--Redis:ConnectionString={bench.RedisConnectionString}", "--Redis:Timeout=00:00:02",
                $"--Keys:Peppers=p1:{Convert.ToHexStringLower(AccountsResponder.Pepper)}",
                $"--Journal:Folder={folder}", "--Journal:SegmentBytes=1048576", "--Logging:LogLevel:Default=Warning",
                "--Till:LeaseWait=00:00:10", .. settings,
            ],
            typeof(MoneyGateway).Assembly);
        builder.AddServiceDefaults();
        builder.AddGatewayMetrics();
        builder.AddRedis();
        builder.AddJournal();
        builder.AddAccounting();
        builder.AddSweeping();
        builder.AddTillSafety();
        builder.AddTill();
        builder.AddShipping();
        builder.AddKeyAuthentication();
        builder.AddAdmission();
        var app = builder.Build();
        await app.StartAsync();
        return new MoneyGateway(app, folder);
    }

    /// <summary>Proves a key as a request would.</summary>
    public async Task<Caller> CallerAsync(string keyText)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = "Bearer " + keyText;
        var called = await Get<Authenticator>().AuthenticateAsync(context, CancellationToken.None);
        Assert.True(called.TryGet(out var caller, out var refusal), refusal?.Message);
        return caller;
    }

    /// <summary>Admits a request that may cost <paramref name="money"/> nano-dollars: one token at that price.</summary>
    public Task<AdmissionResult> AdmitAsync(Caller caller, long money, long rateTokens = 10, Guid? requestId = null) =>
        Admission.AdmitAsync(
        caller, requestId ?? Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), Demand(money, rateTokens), CancellationToken.None);

    public static Demand Demand(long money, long rateTokens = 10) => new(
        PublicEndpoint.ChatCompletions.Scope, "tiny-assistant",
        new ModelPrice("tiny-assistant", Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, new UnitPrices(0, 0, money * 1000, 0, 0, 0)),
        new Units(5, Output: 1), rateTokens, Streamed: true);

    /// <summary>Waits until every settlement reached Redis.</summary>
    public Task SettleAsync() => Get<SettlementFlusher>().FlushAsync(CancellationToken.None);

    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
