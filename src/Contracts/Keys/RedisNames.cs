namespace Tollgate.Contracts.Keys;

/// <summary>
/// Redis keys and hash fields that more than one service uses. All state of an organization lies in one hash under its tag, so it is kept
/// or lost as a whole. Accounts writes the two version fields and the two records; gateways own the rest of the hash.
/// </summary>
public static class RedisNames
{
    /// <summary>Field of the organization's hash: version of its policy, 32 hex digits.</summary>
    public const string PolicyVersionField = "pv";

    /// <summary>The organization's hash: versions, till, budgets, buckets, holds.</summary>
    public static string Organization(Guid organizationId) => $"tollgate:{{{organizationId:N}}}";

    /// <summary>JSON of <see cref="OrganizationPolicy"/>.</summary>
    public static string Policy(Guid organizationId) => $"tollgate:{{{organizationId:N}}}:policy";

    /// <summary>
    /// JSON of <see cref="KeyRecord"/>. The name contains only the public id, because the organization is not known before the look-up.
    /// </summary>
    public static string Key(string publicId) => $"tollgate:key:{publicId}";

    /// <summary>Field of the organization's hash: version of one key, 32 hex digits.</summary>
    public static string KeyVersionField(string publicId) => "kv:" + publicId;
}
