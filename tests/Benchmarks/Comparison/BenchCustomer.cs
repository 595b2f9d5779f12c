using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using StackExchange.Redis;
using Tollgate.Benchmarks.Load;
using Tollgate.Benchmarks.Peers;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Money;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>
/// An organization with a project, a key and a full wallet, and with every limit set so high that none binds: requests and tokens per
/// minute and concurrency for key, project and organization, and a budget on the key. Its records are put into Redis as Accounts puts
/// them; nothing on a request's path can tell the difference.
/// </summary>
internal sealed class BenchCustomer
{
    private const long Plenty = 1_000_000_000;
    private const long BudgetNanoUsd = 1_000_000_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Limits EveryLimit = new() { RequestsPerMinute = Plenty, TokensPerMinute = Plenty, Concurrency = 100_000 };

    private BenchCustomer(Guid organizationId, string keyText) => (OrganizationId, KeyText) = (organizationId, keyText);

    public Guid OrganizationId { get; }

    public string KeyText { get; }

    /// <summary>Makes one in a running Billing and Redis, and the prices of the stub worker's models with it.</summary>
    public static async Task<BenchCustomer> CreateAsync(TollgateCluster cluster, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        var (organizationId, projectId) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        var (publicId, secret, text) = ApiKeyText.Create();
        using var billing = new BillingClient(cluster);
        await SetPricesAsync(billing, cancellationToken);
        await OpenWalletAsync(billing, organizationId, cancellationToken);
        var key = MakeKey(cluster, publicId, secret, organizationId, projectId, now);
        await WriteRecordsAsync(cluster.RedisConnection, key, MakePolicy(organizationId, projectId, now));
        return new BenchCustomer(organizationId, text);
    }

    /// <summary>Gives the stub worker's models a price, unless they have one.</summary>
    public static async Task SetPricesAsync(BillingClient billing, CancellationToken cancellationToken)
    {
        foreach (var model in BenchModels.TokensPerSecond.Keys)
        {
            await billing.SendAsync(
                HttpMethod.Post, "accounts", "/internal/prices", new SetPrice(model, 0.5m, 1.5m, OnlyIfMissing: true), cancellationToken);
        }
    }

    /// <summary>Opens a wallet, filled with the welcome credit of an address that nobody else has.</summary>
    public static Task OpenWalletAsync(BillingClient billing, Guid organizationId, CancellationToken cancellationToken)
    {
        var wallet = new OpenWallet("Benchmark", $"owner@{organizationId:N}.invalid");
        return billing.SendAsync(HttpMethod.Put, "accounts", $"/internal/organizations/{organizationId}/wallet", wallet, cancellationToken);
    }

    /// <summary>Asks until the gateway answers with 200.</summary>
    /// <exception cref="TimeoutException">It did not; the message holds its last answer.</exception>
    public async Task WaitForAnswerAsync(string api, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var last = "";
        try
        {
            await Until.TrueAsync(
                async () =>
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, api + "/v1/chat/completions")
                    {
                        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", KeyText) },
                        Content = JsonContent.Create(new
                        {
                            model = BenchModels.Instant,
                            messages = new[] { new { role = "user", content = RequestBytes.Prompt } },
                            max_tokens = 16,
                        }),
                    };
                    using var response = await http.SendAsync(request, cancellationToken);
                    last = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}";
                    return response.StatusCode == HttpStatusCode.OK;
                },
                "the gateway answers",
                Patience);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"The gateway does not answer well; its last words: {last}", exception);
        }
    }

    private static KeyRecord MakeKey(
        TollgateCluster cluster, string publicId, string secret, Guid organizationId, Guid projectId, DateTimeOffset now)
    {
        var pepper = cluster.Secrets.Peppers.Split(':');
        return new KeyRecord
        {
            PublicId = publicId,
            KeyId = Guid.CreateVersion7(now),
            OrganizationId = organizationId,
            ProjectId = projectId,
            Version = Guid.CreateVersion7(now),
            State = KeyState.Active,
            Secrets = [new KeySecret(Convert.ToBase64String(ApiKeyText.Mac(Convert.FromHexString(pepper[1]), secret)), pepper[0], null)],
            Limits = EveryLimit with { BudgetPerMonthNanoUsd = BudgetNanoUsd },
        };
    }

    private static OrganizationPolicy MakePolicy(Guid organizationId, Guid projectId, DateTimeOffset now) => new()
    {
        OrganizationId = organizationId,
        Version = Guid.CreateVersion7(now),
        Suspended = false,
        Limits = EveryLimit,
        Projects = new Dictionary<string, Limits> { [projectId.ToString("N")] = EveryLimit },
        Models = new Dictionary<string, Limits>(),
    };

    private static async Task WriteRecordsAsync(string connection, KeyRecord key, OrganizationPolicy policy)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(connection);
        var database = redis.GetDatabase();
        await database.StringSetAsync(RedisNames.Key(key.PublicId), JsonSerializer.Serialize(key, ContractsJson.Default.KeyRecord));
        await database.StringSetAsync(
            RedisNames.Policy(policy.OrganizationId), JsonSerializer.Serialize(policy, ContractsJson.Default.OrganizationPolicy));
        await database.HashSetAsync(
            RedisNames.Organization(policy.OrganizationId),
            [
                new HashEntry(RedisNames.PolicyVersionField, policy.Version.ToString("N")),
                new HashEntry(RedisNames.KeyVersionField(key.PublicId), key.Version.ToString("N")),
            ]);
    }
}
