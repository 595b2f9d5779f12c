using System.Collections.Concurrent;
using Microsoft.IdentityModel.Tokens;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>
/// Reads what providers publish, and keeps it for an hour. While a provider does not answer, what was read within a day stays in use. A
/// token with an unknown key makes it read once more, at most every 30 s. Thread-safe; two callers may read the same at once.
/// </summary>
internal sealed class ProviderDirectory(ProviderHttp http, TimeProvider clock)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan Usable = TimeSpan.FromDays(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, KnownProvider> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (DateTimeOffset At, string Text)> _failed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _forced = new(StringComparer.Ordinal);

    /// <exception cref="ProviderFaultException">The provider cannot be used. The fault is kept for 30 s.</exception>
    public async Task<KnownProvider> FindAsync(string issuer, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var known = _known.GetValueOrDefault(issuer);
        if (known is not null && now - known.ReadAt < Fresh)
        {
            return known;
        }

        var usable = known is not null && now - known.ReadAt < Usable ? known : null;
        if (_failed.TryGetValue(issuer, out var failed) && now - failed.At < Pause)
        {
            return usable ?? throw new ProviderFaultException(failed.Text);
        }

        try
        {
            return await ReadAsync(issuer, cancellationToken);
        }
        catch (ProviderFaultException fault)
        {
            _failed[issuer] = (now, fault.Message);
            return usable ?? throw new ProviderFaultException(fault.Message, fault);
        }
    }

    /// <summary>Reads the provider again because a key is unknown. Returns null within 30 s of the last time.</summary>
    /// <exception cref="ProviderFaultException">The provider cannot be used.</exception>
    public async Task<KnownProvider?> FindNewKeysAsync(string issuer, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_forced.TryGetValue(issuer, out var last) && now - last < Pause)
        {
            return null;
        }

        _forced[issuer] = now;
        return await ReadAsync(issuer, cancellationToken);
    }

    /// <summary>Reads discovery document and keys of an issuer now.</summary>
    /// <exception cref="ProviderFaultException">One or more faults, each in a line.</exception>
    public async Task<KnownProvider> ReadAsync(string issuer, CancellationToken cancellationToken)
    {
        http.ReadUrl(issuer, "The issuer");
        var url = http.ReadUrl(ProviderMetadata.UrlOf(issuer), "The issuer");
        var document = await http.GetJsonAsync(url, ProviderMetadata.DocumentName, cancellationToken);
        List<string> faults = [];
        var metadata = ProviderMetadata.Read(document, issuer, http, faults)
            ?? throw new ProviderFaultException(string.Join('\n', faults));
        var provider = new KnownProvider(issuer, metadata, await ReadKeysAsync(metadata.KeysUrl, cancellationToken), clock.GetUtcNow());
        _failed.TryRemove(issuer, out _);
        return _known[issuer] = provider;
    }

    private async Task<IReadOnlyList<SecurityKey>> ReadKeysAsync(Uri url, CancellationToken cancellationToken)
    {
        const string Name = "The key set (jwks_uri)";
        var text = (await http.GetJsonAsync(url, Name, cancellationToken)).GetRawText();
        try
        {
            var keys = JsonWebKeySet.Create(text).GetSigningKeys();
            return keys.Count > 0 ? [.. keys] : throw new ProviderFaultException($"{Name} at {url} has no key for signatures.");
        }
        catch (ArgumentException exception)
        {
            throw new ProviderFaultException($"{Name} at {url} cannot be read.", exception);
        }
    }
}

/// <summary>A provider as it was read.</summary>
internal sealed record KnownProvider(
    string Issuer, ProviderMetadata Metadata, IReadOnlyList<SecurityKey> Keys, DateTimeOffset ReadAt);
