using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Memory;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Authentication;

/// <summary>Accounts did not answer, so it is unknown whether the key exists.</summary>
internal sealed class AccountsUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Finds the records of a key: memory, then Redis, then Accounts. What it finds may be old; the admission script detects that. Of two
/// versions the newer one stays. Never writes to Redis. Thread-safe.
/// </summary>
internal sealed class KeyDirectory(
    IOptions<KeyDirectoryOptions> options, RedisConnection redis, IHttpClientFactory clients, TimeProvider clock)
{
    private static readonly TimeSpan AccountsTimeout = TimeSpan.FromSeconds(2);
    private readonly RecentCache<string, KeyRecord> _keys = new(options.Value.Remembered);
    private readonly RecentCache<Guid, OrganizationPolicy> _policies = new(options.Value.Remembered);
    private readonly ConcurrentDictionary<string, Task<ResolvedKey?>> _resolving = new();

    /// <summary>What memory holds of a key, maybe old; null when it holds nothing.</summary>
    public ResolvedKey? Recall(string publicId) =>
        _keys.TryGet(publicId, out var key) && _policies.TryGet(key.OrganizationId, out var policy)
        ? new ResolvedKey(key, policy)
        : null;

    /// <summary>The records of a key as Redis holds them, or else Accounts; null when no such key was ever made.</summary>
    /// <exception cref="AccountsUnavailableException">Redis does not hold it and Accounts does not answer.</exception>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public async Task<ResolvedKey?> FindAsync(string publicId, CancellationToken cancellationToken) =>
        await ReadAsync(publicId, cancellationToken) ?? await ResolveAsync(publicId, cancellationToken);

    /// <summary>Asks Accounts, which writes both records and both versions to Redis before it
    /// answers. Callers of one key share one question.</summary>
    /// <exception cref="AccountsUnavailableException">Accounts does not answer.</exception>
    public async Task<ResolvedKey?> ResolveAsync(string publicId, CancellationToken cancellationToken)
    {
        var question = _resolving.GetOrAdd(publicId, AskAccountsAsync);
        try
        {
            return await question.WaitAsync(cancellationToken);
        }
        finally
        {
            _resolving.TryRemove(KeyValuePair.Create(publicId, question));
        }
    }

    private async Task<ResolvedKey?> ReadAsync(string publicId, CancellationToken cancellationToken)
    {
        if (await ReadAsync(RedisNames.Key(publicId), ContractsJson.Default.KeyRecord, cancellationToken) is not { } key
            || await ReadAsync(RedisNames.Policy(key.OrganizationId), ContractsJson.Default.OrganizationPolicy,
                cancellationToken) is not { } policy)
        {
            return null;
        }

        return Remember(new ResolvedKey(key, policy));
    }

    /// <summary>Null when Redis holds nothing there, or nothing that can be read: Accounts must write it again.</summary>
    private async Task<T?> ReadAsync<T>(string name, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class
    {
        byte[]? text = await redis.CallAsync(new RedisCall("GET"), db => db.StringGetAsync(name), cancellationToken);
        try
        {
            return text is null ? null : JsonSerializer.Deserialize(text, json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<ResolvedKey?> AskAccountsAsync(string publicId)
    {
        try
        {
            using var http = clients.CreateClient("accounts");
            using var timeout = new CancellationTokenSource(AccountsTimeout, clock);
            using var response = await http.PostAsJsonAsync(
                "/internal/keys/resolve", new ResolveKey(publicId), ContractsJson.Default.ResolveKey, timeout.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            response.EnsureSuccessStatusCode();
            var resolved = await response.Content.ReadFromJsonAsync(ContractsJson.Default.ResolvedKey, timeout.Token)
                ?? throw new JsonException("The answer is null.");
            return Remember(resolved);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException)
        {
            throw new AccountsUnavailableException("Accounts did not answer.", exception);
        }
    }

    private ResolvedKey Remember(ResolvedKey found)
    {
        // A record of the same version is the same record: the one that is known keeps what was made ready for it.
        var key = _keys.SetUnless(found.Key.PublicId, found.Key, stored => !IsNewer(found.Key.Version, stored.Version));
        var policy = _policies.SetUnless(
            found.Policy.OrganizationId, found.Policy, stored => !IsNewer(found.Policy.Version, stored.Version));
        return new ResolvedKey(key, policy);
    }

    private static bool IsNewer(Guid version, Guid than) => string.CompareOrdinal(version.ToString("N"), than.ToString("N")) > 0;
}
