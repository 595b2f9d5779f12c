using System.Text.RegularExpressions;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.LocalServers;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Revocation;

/// <summary>
/// Three gateways, a worker, Billing, Accounts, Redis and Postgres as processes of their own, with the operator signed in to the portal.
/// Accounts reaches Redis through a proxy that can fall silent.
/// </summary>
public sealed partial class RevocationCluster : IAsyncLifetime
{
    private const string Email = "admin@tollgate.localhost";
    private const string Password = "Correct-horse-7-battery";

    /// <summary>A busy machine's pauses are not the subject: within the usual 250 ms they would be answered with 503, or with "not in force
    /// yet".</summary>
    private static readonly Dictionary<string, string> Patient = new() { ["TOLLGATE__Redis__Timeout"] = "00:00:05" };

    private TollgateCluster? _cluster;
    private Owner? _owner;
    private SilentProxy? _proxy;

    public TollgateCluster Cluster => _cluster!;

    internal Owner Owner => _owner!;

    internal SilentProxy Proxy => _proxy!;

    internal ApiProbe Probe { get; } = new(TimeProvider.System);

    /// <summary>The operator's own, to which all keys belong.</summary>
    public string OrganizationId { get; private set; } = "";

    public async Task InitializeAsync()
    {
        var redis = FreePort.Next();
        _proxy = SilentProxy.Start(redis);
        _cluster = await TollgateCluster.StartAsync(
            TestFolder.Create("revocation"),
            new ClusterPlan
            {
                Gateways = 3,
                Stripe = false,
                RedisPort = redis,
                AccountsRedisPort = _proxy.Port,
                Environment = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["accounts"] = Patient, ["gateway"] = Patient },
            });
        using var client = new OperatorClient(_cluster.Secrets.Bearers["operator"]);
        var first = await client.PostAsync(
            "accounts", _cluster.AccountsInternal + "/internal/bootstrap", new Bootstrap(Email, Password),
            ContractsJson.Default.Bootstrap, ContractsJson.Default.Bootstrapped);
        _owner = await Owner.SignInAsync(_cluster.Portal, Email, Password);
        OrganizationId = OrganizationLink().Match(await _owner.ReadAsync("/admin/organizations")).Groups[1].Value;
        await Until.TrueAsync( // The wallet is on its way from the outbox, the worker was not polled yet.
            async () => (await Probe.CallAllAsync(_cluster.Api, HttpMethod.Post, first.KeyText!)).All(answer => answer.Status == 200),
            "the first answer of each gateway",
            TimeSpan.FromSeconds(90));
    }

    public async Task DisposeAsync()
    {
        _owner?.Dispose();
        Probe.Dispose();
        await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [GeneratedRegex("/admin/organizations/([0-9a-f-]{36})")]
    private static partial Regex OrganizationLink();
}
