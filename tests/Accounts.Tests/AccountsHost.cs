using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests;

/// <summary>The real service on real sockets with a database of its own.</summary>
internal sealed class AccountsHost : IAsyncDisposable
{
    private const string OperatorEmail = "root@example.com";
    private readonly WebApplication _app;
    private readonly Lazy<HttpClient> _operators;
    private readonly Lazy<Task<ConnectionMultiplexer>> _redis;

    private AccountsHost(WebApplication app, PlatformResponder responder, string mailFolder, string redis, string postgres)
    {
        _app = app;
        Responder = responder;
        MailFolder = mailFolder;
        Redis = redis;
        Postgres = postgres;
        _operators = new Lazy<HttpClient>(() => ClientAs("operator"));
        _redis = new Lazy<Task<ConnectionMultiplexer>>(() => ConnectionMultiplexer.ConnectAsync(redis));
    }

    /// <summary>The pepper in force, 32 bytes.</summary>
    public static byte[] Pepper { get; } = [.. Enumerable.Repeat((byte)0xab, 32)];

    public PlatformResponder Responder { get; }

    public string MailFolder { get; }

    public string Redis { get; }

    public string Postgres { get; }

    public WebApplication App => _app;

    public IServiceProvider Services => _app.Services;

    public string PublicUrl => _app.Url(ListenerKind.Public);

    public string InternalUrl => _app.Url(ListenerKind.Internal);

    /// <summary>The operator's client of the internal listener; it ends with the host.</summary>
    public HttpClient Operators => _operators.Value;

    public static string[] Settings(string postgres, string redis, string services, string mailFolder) =>
    [
        "--Listen:Public=http://127.0.0.1:0",
        "--Listen:Internal=http://127.0.0.1:0",
        TestBearers.Argument("accounts"),
        $"--Postgres:ConnectionString={postgres}",
        $"--Redis:ConnectionString={redis}",
        $"--Services:billing={services}",
        $"--Services:gateway={services}",
        $"--Services:learning={services}",
        $"--Keys:Peppers=p2:{Convert.ToHexString(Pepper)} p1:{new string('0', 64)}",
        $"--Mail:Folder={mailFolder}",
        "--Portal:ApiBaseUrl=http://api.test:8080",
        "--Portal:CredentialFormsPerMinute=1000",
    ];

    public static Task<string> CreateDatabaseAsync() => PostgresServer.CreateDatabaseAsync(
        "accounts", connection => AccountsApp.MigrateAsync([$"--Postgres:ConnectionString={connection}"], CancellationToken.None));

    public static async Task<AccountsHost> StartAsync(string? redis = null, params string[] more)
    {
        var postgres = await CreateDatabaseAsync();
        redis ??= (await RedisServer.SharedAsync()).ConnectionString;
        var responder = await PlatformResponder.StartAsync();
        var mailFolder = TestFolder.Create("mail");
        var app = AccountsApp.Create([.. Settings(postgres, redis, responder.Url, mailFolder), .. more]);
        await app.StartAsync();
        return new AccountsHost(app, responder, mailFolder, redis, postgres);
    }

    /// <summary>A browser without cookies.</summary>
    /// <param name="from">Client address that a trusted proxy would report.</param>
    public PortalBrowser Browse(string? from = null) => new(PublicUrl, MailFolder, from);

    /// <summary>A browser of somebody who has just signed up and signed in.</summary>
    public async Task<PortalBrowser> SignUpAsync(string email = "ada@example.com")
    {
        var browser = Browse();
        await browser.SignUpAsync(email);
        await browser.ConfirmAsync(await browser.LinkOfMailAsync(email));
        await browser.SignInAsync(email);
        return browser;
    }

    /// <summary>Makes the operator, once however often it is called.</summary>
    public async Task<Bootstrapped> BootstrapAsync()
    {
        using var response = await Operators.PostAsJsonAsync(
            "/internal/bootstrap", new Bootstrap(OperatorEmail, PortalBrowser.Password));
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.Bootstrapped))!;
    }

    /// <summary>A browser of the operator, who is made and signed in.</summary>
    public async Task<PortalBrowser> BrowseAsOperatorAsync()
    {
        await BootstrapAsync();
        var browser = Browse();
        await browser.SignInAsync(OperatorEmail);
        return browser;
    }

    /// <summary>The database of Redis, over a connection that ends with the host.</summary>
    public async Task<IDatabase> OpenRedisAsync() => (await _redis.Value).GetDatabase();

    /// <summary>The record of a key as gateways read it.</summary>
    public async Task<KeyRecord> RecordAsync(string publicId)
    {
        string? json = await (await OpenRedisAsync()).StringGetAsync(RedisNames.Key(publicId));
        return JsonSerializer.Deserialize(json!, ContractsJson.Default.KeyRecord)!;
    }

    /// <summary>A client of the internal listener that shows the bearer of <paramref name="caller"/>.</summary>
    public HttpClient ClientAs(string caller)
    {
        var client = new HttpClient { BaseAddress = new Uri(InternalUrl) };
        client.DefaultRequestHeaders.Authorization = TestBearers.Header(caller, "accounts");
        return client;
    }

    /// <summary>Uses a service that sees everybody's rows.</summary>
    public async Task<T> InScopeAsync<TService, T>(Func<TService, Task<T>> use)
        where TService : notnull
    {
        await using var scope = Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<AccountsDb>().Scope = OrganizationScope.All;
        return await use(scope.ServiceProvider.GetRequiredService<TService>());
    }

    public async ValueTask DisposeAsync()
    {
        if (_operators.IsValueCreated)
        {
            _operators.Value.Dispose();
        }

        if (_redis.IsValueCreated)
        {
            await (await _redis.Value).DisposeAsync();
        }

        await _app.StopAsync();
        await _app.DisposeAsync();
        await Responder.DisposeAsync();
        await ForeignReplay.RunAsync(Postgres);
    }
}
