using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using StackExchange.Redis;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Records;

/// <summary>
/// Writes key records and policies to Redis, as their only writer. Each write is set-if-newer by version. Writes the record first, then
/// the version field in the organization's hash that makes gateways drop their cached copy, so a gateway that sees the new version finds
/// the new record. Uses two scripts, because a key's record and its organization's hash lie in different slots of a Redis Cluster.
/// Thread-safe.
/// </summary>
internal sealed class RedisRecords(RedisConnection redis)
{
    private static readonly Script SetRecord = Script.Read("SetRecordIfNewer");
    private static readonly Script SetVersion = Script.Read("SetVersionIfNewer");

    /// <summary>Writes a key's record and version. Returns the record that Redis then holds, which may be a newer one.</summary>
    /// <exception cref="RedisUnavailableException">Redis did not acknowledge; the outcome is unknown.</exception>
    public async Task<KeyRecord> WriteAsync(KeyRecord record, CancellationToken cancellationToken)
    {
        var standing = await WriteRecordAsync(
            RedisNames.Key(record.PublicId), record, record.Version, ContractsJson.Default.KeyRecord, cancellationToken);
        await WriteVersionAsync(
            standing.OrganizationId, RedisNames.KeyVersionField(standing.PublicId), standing.Version, cancellationToken);
        return standing;
    }

    /// <summary>Writes an organization's policy and version. Returns the policy that Redis then holds, which may be a newer one.</summary>
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

    private async Task<RedisResult> EvaluateAsync(
        Script script, string name, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await redis.CallAsync(
                new RedisCall("EVAL", script.Name), db => db.ScriptEvaluateAsync(script.Text, [name], arguments), cancellationToken);
        }
        catch (RedisServerException exception)
        {
            // Redis is full, read-only or busy. None of these acknowledges the write.
            throw new RedisUnavailableException("Redis refused the write.", exception);
        }
    }

    private sealed record Script(string Name, string Text)
    {
        public static Script Read(string name)
        {
            using var reader = new StreamReader(
                typeof(RedisRecords).Assembly.GetManifestResourceStream($"Tollgate.Accounts.Records.{name}.lua")!);
            return new Script(name, reader.ReadToEnd());
        }
    }
}
