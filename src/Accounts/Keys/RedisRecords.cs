using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using StackExchange.Redis;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Keys;

/// <summary>
/// The only writer of key records and policies to Redis. Each write is set-if-newer by version. The record goes first, then the version
/// field in the organization's hash that makes gateways drop their cached copy: a gateway that sees the new version finds the new record.
/// Two scripts, not one, because a key's record and its organization's hash lie in different slots of a Redis Cluster. Thread-safe.
/// </summary>
internal sealed class RedisRecords(RedisConnection redis)
{
    private static readonly string SetRecord = ReadScript("SetRecordIfNewer.lua");
    private static readonly string SetVersion = ReadScript("SetVersionIfNewer.lua");

    /// <summary>Writes a key's record and version. Returns the record that now stands: a newer one if Redis had it.</summary>
    /// <exception cref="RedisUnavailableException">Redis did not acknowledge; the outcome is unknown.</exception>
    public async Task<KeyRecord> WriteAsync(KeyRecord record, CancellationToken cancellationToken)
    {
        var standing = await WriteRecordAsync(
            RedisNames.Key(record.PublicId), record, record.Version, ContractsJson.Default.KeyRecord, cancellationToken);
        await WriteVersionAsync(
            standing.OrganizationId, RedisNames.KeyVersionField(standing.PublicId), standing.Version, cancellationToken);
        return standing;
    }

    /// <summary>Writes an organization's policy and its version. Returns the one that now stands.</summary>
    /// <exception cref="RedisUnavailableException">Redis did not acknowledge; the outcome is unknown.</exception>
    public async Task<OrganizationPolicy> WriteAsync(OrganizationPolicy policy, CancellationToken cancellationToken)
    {
        var standing = await WriteRecordAsync(
            RedisNames.Policy(policy.OrganizationId), policy, policy.Version, ContractsJson.Default.OrganizationPolicy, cancellationToken);
        await WriteVersionAsync(standing.OrganizationId, RedisNames.PolicyVersionField, standing.Version, cancellationToken);
        return standing;
    }

    private async Task<T> WriteRecordAsync<T>(
        string name, T record, Guid version, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class
    {
        var newer = await EvaluateAsync(
            SetRecord, name, [JsonSerializer.Serialize(record, json), version.ToString("N")], cancellationToken);
        return newer.ToString() is { Length: > 0 } text ? JsonSerializer.Deserialize(text, json)! : record;
    }

    private Task<RedisResult> WriteVersionAsync(Guid organizationId, string field, Guid version, CancellationToken cancellationToken) =>
        EvaluateAsync(SetVersion, RedisNames.Organization(organizationId), [field, version.ToString("N")], cancellationToken);

    private async Task<RedisResult> EvaluateAsync(string script, string name, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await redis.CallAsync(db => db.ScriptEvaluateAsync(script, [name], arguments), cancellationToken);
        }
        catch (RedisServerException exception)
        {
            // Full, read-only, or busy: not acknowledged either way.
            throw new RedisUnavailableException("Redis refused the write.", exception);
        }
    }

    private static string ReadScript(string file)
    {
        using var reader = new StreamReader(typeof(RedisRecords).Assembly.GetManifestResourceStream($"Tollgate.Accounts.Keys.{file}")!);
        return reader.ReadToEnd();
    }
}
