using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>Settings of keys. Section <c>Keys</c>.</summary>
public sealed class KeyOptions
{
    public const string Section = "Keys";

    /// <summary>
    /// Secrets for the MACs of key secrets: <c>&lt;id&gt;:&lt;32 bytes in hex&gt;</c>, separated by white space or commas, the current one
    /// first. Usually set through <c>TOLLGATE__Keys__Peppers_FILE</c>; gateways read the same file.
    /// </summary>
    [Required]
    [RegularExpression(@"^\s*[A-Za-z0-9_.-]{1,32}:[0-9a-fA-F]{64}([\s,]+[A-Za-z0-9_.-]{1,32}:[0-9a-fA-F]{64})*\s*$")]
    public string Peppers { get; init; } = "";

    /// <summary>Most keys that an organization may have at once, not counting revoked ones. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int MostPerOrganization { get; init; } = 1000;
}

[OptionsValidator]
internal sealed partial class KeyOptionsValidator : IValidateOptions<KeyOptions>;

/// <summary>Holds the peppers. Accounts creates the secrets of API keys, which gateways verify, and verifies those of admin keys.</summary>
internal sealed class KeyPeppers
{
    private readonly IReadOnlyList<(string Id, byte[] Pepper)> _all;

    public KeyPeppers(IOptions<KeyOptions> options) => _all = Read(options.Value);

    /// <summary>All configured peppers, the current one first.</summary>
    public static IReadOnlyList<(string Id, byte[] Pepper)> Read(KeyOptions options) =>
        [.. options.Peppers.Split((char[])[' ', '\t', '\r', '\n', ','], StringSplitOptions.RemoveEmptyEntries)
            .Select(text => text.Split(':')).Select(parts => (parts[0], Convert.FromHexString(parts[1])))];

    /// <summary>Converts a new secret to its stored form.</summary>
    public KeySecret Seal(string secret) =>
        new(Convert.ToBase64String(ApiKeyText.Mac(_all[0].Pepper, secret)), _all[0].Id, NotAfter: null);

    /// <summary>Whether a stored MAC is that of a secret. Takes the same time for each secret.</summary>
    public bool Proves(string secret, string mac, string pepperId) => _all.Any(one => one.Id == pepperId
        && CryptographicOperations.FixedTimeEquals(ApiKeyText.Mac(one.Pepper, secret), Convert.FromBase64String(mac)));
}
