using Npgsql;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.Clusters;

/// <summary>
/// All parts of docker-compose.yml as plain processes on one Postgres and one Redis: the same programs, commands and environment, with
/// host names and secret paths replaced by this machine's. Several gateways and workers where asked.
/// </summary>
public sealed class TollgateCluster : IAsyncDisposable
{
    private const string Database = "tollgate";
    private static readonly string[] Schemas = ["accounts", "billing", "learning"];
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(300);
    private readonly IReadOnlyDictionary<string, ComposeService> _compose =
        ComposeFile.Read(Path.Combine(SharedFiles.Repository, "docker-compose.yml"));

    private readonly ServerPasswords _passwords = ServerPasswords.Create(Schemas);
    private readonly PrivatePostgres _postgresServer;
    private readonly PrivateRedis _redisServer;
    private readonly int _postgresPort = FreePort.Next();
    private readonly int _redisPort;
    private readonly int _accountsPublic = FreePort.Next();
    private readonly int _accountsInternal = FreePort.Next();
    private readonly int _billingInternal = FreePort.Next();
    private readonly int _learningInternal = FreePort.Next();
    private readonly int _stripe = FreePort.Next();
    private readonly int _firstGatewayInternal = FreePort.Next();
    private readonly int _firstGatewayPublic = FreePort.Next();
    private readonly Dictionary<string, Dictionary<string, string>> _environments = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly ClusterPlan _plan;
    private readonly List<ChildProcess> _logs = []; // Readers of logs that go through a pipe.

    private TollgateCluster(string folder, ClusterPlan plan)
    {
        Folder = folder;
        _plan = plan;
        _redisPort = plan.RedisPort ?? FreePort.Next();
        _postgresServer = new PrivatePostgres(Path.Combine(folder, "postgres"), _passwords.Postgres);
        _redisServer = new PrivateRedis(Path.Combine(folder, "redis"), _passwords.Redis);
        Secrets = new ClusterSecrets(
            Path.Combine(folder, "secrets"), _passwords, _redisServer.ConnectionString(_redisPort),
            schema => LocalDatabase.RoleConnectionString(_postgresServer.ConnectionString(_postgresPort), Database, Role(schema)));
        Clocks = new ClusterClocks(Path.Combine(folder, "clocks"));
        Backup = new PostgresBackup(Path.Combine(folder, "postgres"), _passwords.Postgres, _postgresPort);
        Postgres = new ClusterProcess(
            "postgres", () => _postgresServer.StartAsync(_postgresPort, PostgresBackup.Settings, CancellationToken.None),
            () => Task.CompletedTask);
        Redis = new ClusterProcess(
            "redis",
            () => _redisServer.StartAsync(_redisPort, CancellationToken.None, plan.Breakable ? Clocks.EnvironmentOf("redis") : null),
            () => Task.CompletedTask);
        Billing = Service("billing", "billing", _billingInternal, new() { ["TOLLGATE__Stripe__ApiBase"] = Url(_stripe) });
        Learning = Service(
            "learning", "learning", _learningInternal, new() { ["TOLLGATE__Storage__Folder"] = Path.Combine(folder, "files") });
        Dictionary<string, string> accounts = new()
        {
            ["TOLLGATE__Listen__Public"] = Url(_accountsPublic),
            ["TOLLGATE__Mail__Folder"] = Path.Combine(folder, "mail"),
            ["TOLLGATE__Portal__PublicUrl"] = Url(_accountsPublic),
            ["TOLLGATE__Portal__ApiBaseUrl"] = Url(_firstGatewayPublic) + "/v1",

            // Loads of tests and benches are one organization's: its limits are there, and are not what they meet.
            ["TOLLGATE__Organizations__RequestsPerMinute"] = "1000000000",
            ["TOLLGATE__Organizations__TokensPerMinute"] = "1000000000",
            ["TOLLGATE__Organizations__Concurrency"] = "1000000",
        };
        if (plan.AccountsRedisPort is { } proxy)
        {
            accounts["TOLLGATE__Redis__ConnectionString_FILE"] =
                Secrets.Add("accounts_redis_connection", _redisServer.ConnectionString(proxy));
        }

        Accounts = Service("accounts", "accounts", _accountsInternal, accounts);
        FakeStripe = Process("stripe", ["dotnet", "Tollgate.FakeStripe.dll"], StripeEnvironment(), Url(_stripe));
    }

    /// <summary>Everything of this cluster lies here; logs under <c>logs</c>.</summary>
    public string Folder { get; }

    public ClusterSecrets Secrets { get; }

    /// <summary>The clocks of a breakable cluster's gateways and Redis.</summary>
    public ClusterClocks Clocks { get; }

    /// <summary>Backs up and restores Postgres.</summary>
    public PostgresBackup Backup { get; }

    public ClusterProcess Postgres { get; }

    public ClusterProcess Redis { get; }

    public ClusterProcess Billing { get; }

    public ClusterProcess Learning { get; }

    public ClusterProcess Accounts { get; }

    public ClusterProcess FakeStripe { get; }

    /// <summary>Null unless the plan has one.</summary>
    public ClusterProcess? Trainer { get; private set; }

    public List<ClusterProcess> Gateways { get; } = [];

    public List<ClusterProcess> Workers { get; } = [];

    /// <summary>Public base addresses of the gateways, in their order.</summary>
    public List<string> Api { get; } = [];

    /// <summary>Internal base addresses of the gateways, in their order.</summary>
    public List<string> GatewayInternal { get; } = [];

    /// <summary>Internal base addresses of the workers, in their order.</summary>
    public List<string> WorkerInternal { get; } = [];

    public string Portal => Url(_accountsPublic);

    public string AccountsInternal => Url(_accountsInternal);

    public string BillingInternal => Url(_billingInternal);

    public string LearningInternal => Url(_learningInternal);

    public string RedisConnection => _redisServer.ConnectionString(_redisPort);

    /// <summary>Superuser's connection string on Tollgate's database.</summary>
    public string PostgresConnection => _postgresServer.ConnectionString(_postgresPort, Database);

    /// <summary>Environment of the operator's command line: that of the container <c>bootstrap</c>.</summary>
    public IReadOnlyDictionary<string, string> OperatorEnvironment =>
        new Dictionary<string, string>(Resolve(_compose["bootstrap"].Environment))
        {
            ["TOLLGATE__Models__Directory"] = Path.Combine(Folder, "models"),
        };

    /// <summary>Starts a whole cluster and waits until every part is ready.</summary>
    public static Task<TollgateCluster> StartAsync(string folder, int gateways, int workers) =>
        StartAsync(folder, new ClusterPlan { Gateways = gateways, Workers = workers });

    /// <summary>Starts a whole cluster and waits until every part is ready.</summary>
    public static async Task<TollgateCluster> StartAsync(string folder, ClusterPlan plan)
    {
        var cluster = new TollgateCluster(folder, plan);
        try
        {
            await cluster.StartServersAsync();
            for (var i = 0; i < plan.Workers; i++)
            {
                cluster.AddWorker();
            }

            if (plan.Trainer)
            {
                cluster.Trainer = cluster.MakeTrainer();
            }

            Task[] stripe = plan.Stripe ? [cluster.FakeStripe.StartAsync()] : [];

            // The first worker imports the default models; the others find them in the same folder.
            await Task.WhenAll(
                [
                    .. stripe, cluster.Billing.StartAsync(), cluster.Learning.StartAsync(),
                    .. cluster.Workers.Take(1).Select(w => w.StartAsync()),
                ]);
            for (var i = 0; i < plan.Gateways; i++)
            {
                cluster.AddGateway();
            }

            await Task.WhenAll(
                [
                    cluster.Accounts.StartAsync(), .. cluster.Workers.Skip(1).Select(worker => worker.StartAsync()),
                    .. cluster.Gateways.Select(gateway => gateway.StartAsync()),
                    cluster.Trainer?.StartAsync() ?? Task.CompletedTask,
                ]);
            await cluster.WaitForWorkersAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>All parts, those that ask before those that answer.</summary>
    public IEnumerable<ClusterProcess> Processes =>
    [
        .. Gateways, Learning, Accounts, Billing, .. Workers, .. Trainer is { } trainer ? [trainer] : Array.Empty<ClusterProcess>(),
        FakeStripe, Redis, Postgres,
    ];

    /// <summary>Exit code of the health check of the container that <paramref name="process"/> stands for, with its settings.</summary>
    /// <param name="service">Name of the service in docker-compose.yml.</param>
    public async Task<int> RunHealthCheckAsync(string service, ClusterProcess process)
    {
        var name = process.Name + "-health";
        var program = Path.Combine(SharedFiles.Repository, "infra", "containers", _compose[service].Health[0]);
        using var child = await ChildProcess.StartAsync(new ChildSpec(name, [program], _environments[process.Name], LogFile(name)));
        await child.WaitForExitAsync();
        return child.ExitCode;
    }

    public string LogFile(string name) => Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "logs")).FullName, name + ".log");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Processes)
        {
            await process.DisposeAsync();
        }

        foreach (var log in _logs)
        {
            await log.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));
            log.Dispose();
        }

        NpgsqlConnection.ClearAllPools();
        _http.Dispose();
    }

    private SchemaRole Role(string schema) => new(schema, _passwords.Schemas[schema]);

    private static string Url(int port) => $"http://127.0.0.1:{port}";

    /// <summary>
    /// Waits until every gateway sends requests to all workers of the plan. They register by themselves, a gateway is ready before it has
    /// heard of them, and those of others come when they will.
    /// </summary>
    public async Task WaitForWorkersAsync()
    {
        using var client = new OperatorClient(Secrets.Bearers["operator"]);
        foreach (var gateway in GatewayInternal)
        {
            await Until.TrueAsync(
                async () => (await client.GetAsync("gateway", gateway + "/internal/fleet", ContractsJson.Default.Fleet)).Workers
                    .Count(worker => worker.Healthy && worker.Status?.Models.Any(model => model.Ready) == true)
                    >= _plan.Workers + (_plan.Trainer ? 1 : 0),
                $"{gateway} knows its workers", ReadyPatience);
        }
    }

    /// <summary>Makes the first operator, as the first command of an installation does.</summary>
    public Task<Bootstrapped> BootstrapAsync(OperatorClient client) => client.PostAsync(
        "accounts", AccountsInternal + "/internal/bootstrap", new Bootstrap("admin@tollgate.localhost", "Correct-horse-7-battery"),
        ContractsJson.Default.Bootstrap, ContractsJson.Default.Bootstrapped);

    private async Task StartServersAsync()
    {
        await Task.WhenAll(Postgres.StartAsync(), Redis.StartAsync());
        await LocalDatabase.CreateAsync(
            _postgresServer.ConnectionString(_postgresPort), Database, [.. Schemas.Select(Role)],
            CancellationToken.None);
        await Task.WhenAll(Schemas.Select(MigrateAsync));
    }

    private async Task MigrateAsync(string schema)
    {
        var service = _compose["migrate-" + schema];
        using var child = await ChildProcess.StartAsync(Spec(service.Name, service.Command, Resolve(service.Environment)));
        await child.WaitForExitAsync();
        if (child.ExitCode != 0)
        {
            throw new InvalidOperationException($"migrate-{schema} failed; see {LogFile(service.Name)}");
        }
    }

    private void AddWorker()
    {
        var (name, port) = ($"worker-{Workers.Count + 1}", FreePort.Next());
        _environments["billing"][$"TOLLGATE__Witness__Workers__{WorkerInternal.Count}"] = Url(port);
        WorkerInternal.Add(Url(port));
        Workers.Add(Service("worker", name, port, new()
        {
            ["TOLLGATE__Worker__Id"] = name,
            ["TOLLGATE__Worker__DataDirectory"] = Path.Combine(Folder, name),
            ["TOLLGATE__Worker__MostReplicas"] = "1", // Each has a folder of its own, by which tests know it.
            ["TOLLGATE__Models__Directory"] = Path.Combine(Folder, "models"),
            ["TOLLGATE__Models__Defaults"] = Path.Combine(OutputOf("Tollgate.Inference.dll"), "models"),
        }));
    }

    private ClusterProcess MakeTrainer()
    {
        var port = FreePort.Next();
        _environments["billing"][$"TOLLGATE__Witness__Workers__{WorkerInternal.Count}"] = Url(port);
        return Service("trainer", "trainer-1", port, new()
        {
            ["TOLLGATE__Worker__Id"] = "trainer-1",
            ["TOLLGATE__Worker__DataDirectory"] = Path.Combine(Folder, "trainer-1"),
            ["TOLLGATE__Models__Directory"] = Path.Combine(Folder, "models"),
        });
    }

    private void AddGateway()
    {
        var name = $"gateway-{Gateways.Count + 1}";
        var (port, api) = Gateways.Count == 0 ? (_firstGatewayInternal, _firstGatewayPublic) : (FreePort.Next(), FreePort.Next());
        Api.Add(Url(api));
        GatewayInternal.Add(Url(port));
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE__Listen__Public"] = Url(api),
            ["TOLLGATE__Gateway__DataDirectory"] = Path.Combine(Folder, name),
            ["TOLLGATE__Journal__GatewayId"] = name,
        };
        for (var i = 0; i < _plan.OutsideWorkers.Count; i++)
        {
            environment[$"TOLLGATE__Routing__Workers__{i}"] = _plan.OutsideWorkers[i];
        }

        if (_plan.Breakable)
        {
            foreach (var (key, value) in Clocks.EnvironmentOf(name))
            {
                environment[key] = value;
            }
        }

        Gateways.Add(Service("gateway", name, port, environment));
    }

    private ClusterProcess Service(string service, string name, int internalPort, Dictionary<string, string> changes)
    {
        var environment = Resolve(_compose[service].Environment);
        environment["TOLLGATE__Listen__Internal"] = Url(internalPort);
        foreach (var (key, value) in changes.Concat(Extra(service)).Concat(name == service ? [] : Extra(name)))
        {
            environment[key] = value;
        }

        _environments[name] = environment;
        return Process(name, _compose[service].Command, environment, Url(internalPort));
    }

    private IEnumerable<KeyValuePair<string, string>> Extra(string name) =>
        _plan.Environment.TryGetValue(name, out var extra) ? extra : [];

    private ClusterProcess Process(string name, IReadOnlyList<string> command, Dictionary<string, string> environment, string ready) => new(
        name,
        () => StartAsync(Spec(name, command, environment)),
        () => Until.TrueAsync(() => IsReadyAsync(ready), $"{name} is ready; see {LogFile(name)}", ReadyPatience));

    private async Task<ChildProcess> StartAsync(ChildSpec spec) => await ChildProcess.StartAsync(
        _plan.Breakable && spec.Name.StartsWith("gateway", StringComparison.Ordinal) ? await FillableDisk.PrepareAsync(spec, _logs) : spec);

    private ChildSpec Spec(string name, IReadOnlyList<string> command, Dictionary<string, string> environment) => new(
        name, [command[0], Path.Combine(OutputOf(command[1]), command[1]), .. command.Skip(2)], environment, LogFile(name));

    private Dictionary<string, string> Resolve(IReadOnlyDictionary<string, string> environment) => environment.ToDictionary(
        e => e.Key,
        e => Secrets.Resolve(e.Value)
            .Replace("http://accounts:8091", Url(_accountsInternal), StringComparison.Ordinal)
            .Replace("http://billing:8092", Url(_billingInternal), StringComparison.Ordinal)
            .Replace("http://learning:8094", Url(_learningInternal), StringComparison.Ordinal)
            .Replace("http://gateway:8090", Url(_firstGatewayInternal), StringComparison.Ordinal));

    private Dictionary<string, string> StripeEnvironment() => new()
    {
        ["TOLLGATE__Listen__Public"] = Url(_stripe),
        ["TOLLGATE__FakeStripe__ApiKey"] = Secrets.StripeApiKey,
        ["TOLLGATE__FakeStripe__WebhookSecret"] = Secrets.StripeWebhookSecret,
        ["TOLLGATE__FakeStripe__WebhookUrl"] = Portal + "/stripe/webhook",
    };

    /// <summary>Folder of a program in the build's output, beside that of the tests.</summary>
    private static string OutputOf(string dll)
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(SharedFiles.Repository, "artifacts", "bin", dll["Tollgate.".Length..^".dll".Length], configuration);
    }

    private async Task<bool> IsReadyAsync(string url)
    {
        try
        {
            using var response = await _http.GetAsync(url + "/health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
