using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Tollgate.Gateway.Memory;

namespace Tollgate.Gateway.Authentication;

/// <summary>
/// Keys that were looked up a moment ago and do not exist: public ids that were never made, and secrets that are no key's. Both are
/// random, so that what does not exist will not come to exist; only a record that a restore brings back does, and works when the memory of
/// it ends. Thread-safe.
/// </summary>
internal sealed class RefusedKeys(IOptions<KeyDirectoryOptions> options, TimeProvider clock)
{
    private const int Most = 100_000;
    private readonly RecentCache<string, Memory> _refused = new(Most);

    public bool Contains(PresentedKey shown) => Holds(shown.PublicId) || Holds(SecretOf(shown));

    /// <summary>No key of this id was ever made.</summary>
    public void AddId(PresentedKey shown) => Add(shown.PublicId);

    /// <summary>The newest record of the key knows no such secret.</summary>
    public void AddSecret(PresentedKey shown) => Add(SecretOf(shown));

    private static string SecretOf(PresentedKey shown) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(shown.Text)));

    private bool Holds(string name) => _refused.TryGet(name, out var memory) && clock.GetUtcNow() < memory.Until;

    private void Add(string name) => _refused.Set(name, new Memory(clock.GetUtcNow() + options.Value.RememberUnknown));

    private sealed record Memory(DateTimeOffset Until);
}
