using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Tollgate.ServiceDefaults.ServiceAuthentication;

/// <summary>Section <c>Cluster</c>.</summary>
public sealed class ClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>
    /// The cluster secret: 32 bytes in hex, usually by <c>TOLLGATE__Cluster__Secret_FILE</c>. Two, parted by white space, are valid at once
    /// while it is changed; the first one signs.
    /// </summary>
    public string Secret { get; init; } = "";

    /// <summary>Name of the service that speaks: <c>gateway</c>, <c>accounts</c>,
    /// <c>billing</c>, <c>inference</c> or <c>operator</c>.</summary>
    public string Self { get; init; } = "";
}

/// <summary>Bearers between services: one for each caller and callee, derived from the cluster secret with HKDF-SHA-256.</summary>
public sealed class ServiceTokens
{
    private readonly byte[][] _secrets;

    /// <exception cref="InvalidOperationException">The secret is missing or not 32 bytes in hex.</exception>
    public ServiceTokens(IOptions<ClusterOptions> options)
    {
        Self = options.Value.Self;
        _secrets = [.. options.Value.Secret.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(ReadSecret)];
        if (_secrets.Length is 0 or > 2)
        {
            throw new InvalidOperationException("Cluster:Secret must hold one secret of 32 bytes in hex, or two while it is changed.");
        }
    }

    /// <summary>Name of this service.</summary>
    public string Self { get; }

    /// <summary>The bearer that this service shows to <paramref name="callee"/>.</summary>
    public string For(string callee) => Derive(_secrets[0], Self, callee);

    /// <summary>Whether <paramref name="bearer"/> is one that <paramref name="caller"/> shows to
    /// this service. Takes the same time for any answer.</summary>
    public bool Accepts(ReadOnlySpan<char> bearer, string caller)
    {
        Span<byte> shown = stackalloc byte[64];
        if (bearer.Length != 64 || !Encoding.ASCII.TryGetBytes(bearer, shown, out _))
        {
            return false;
        }

        var accepted = false;
        foreach (var secret in _secrets)
        {
            accepted |= CryptographicOperations.FixedTimeEquals(shown, Encoding.ASCII.GetBytes(Derive(secret, caller, Self)));
        }

        return accepted;
    }

    private static string Derive(byte[] secret, string caller, string callee) => Convert.ToHexStringLower(
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: Encoding.ASCII.GetBytes($"tollgate/{caller}->{callee}")));

    private static byte[] ReadSecret(string hex) => hex.Length == 64
        ? Convert.FromHexString(hex)
        : throw new InvalidOperationException("Cluster:Secret must be 32 bytes in hex.");
}
