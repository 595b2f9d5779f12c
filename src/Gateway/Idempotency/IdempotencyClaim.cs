using StackExchange.Redis;

namespace Tollgate.Gateway.Idempotency;

/// <summary>What an admission claims, in the same script call: an idempotency key, for one body.</summary>
/// <param name="Field">Field of the organization's hash.</param>
/// <param name="Fingerprint">Of route and body.</param>
/// <param name="AskedAtMs">When the store of answers was asked and had none, by this machine's clock, milliseconds since 1970.</param>
internal sealed record IdempotencyClaim(string Field, string Fingerprint, long AskedAtMs)
{
    /// <summary>How many arguments of the script a claim is.</summary>
    public const int Arguments = 3;

    public void WriteTo(Span<RedisValue> arguments) =>
        (arguments[0], arguments[1], arguments[2]) = (Field, Fingerprint, AskedAtMs);
}
