using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Authentication;

/// <summary>Proves the secret of a key, unless a service names it, and everything about it that needs no counter:
/// state, expiry, archive of its project, suspension, network. Thread-safe.</summary>
internal sealed class KeyVerifier
{
    private readonly Dictionary<string, byte[]> _peppers;
    private readonly TimeProvider _clock;

    /// <exception cref="InvalidOperationException">No pepper, or one that is not <c>id:hex</c> with at least 16 bytes.</exception>
    public KeyVerifier(IOptions<KeyDirectoryOptions> options, TimeProvider clock)
    {
        _clock = clock;
        _peppers = Peppers.Parse(options.Value).ToDictionary(pepper => pepper.Id, pepper => pepper.Secret);
    }

    /// <summary>The proved caller, or why it is refused. Takes the same time whichever secret fits or none.</summary>
    public OrRefusal<Caller> Verify(PresentedKey shown, KeyRecord key, OrganizationPolicy policy)
    {
        var now = _clock.GetUtcNow();
        var (proved, overlapEndsAt) = shown.IsNamedByService ? (true, null) : Prove(shown.Secret, key, now);
        if (!proved)
        {
            return OpenAiError.InvalidApiKey(shown.Text); // A client without the secret learns nothing of the key's state.
        }

        var rules = new KeyRules(key, policy);
        if (rules.Refuse(now) is { } refusal)
        {
            return ErrorOf(refusal, shown, rules);
        }

        if (!shown.IsNamedByService && key.Networks is { } networks && !Contains(networks, shown.Address))
        {
            return OpenAiError.NetworkNotAllowed(shown.Address?.ToString() ?? "an unknown address");
        }

        return new Caller(key, policy, overlapEndsAt) { Presented = shown };
    }

    private static OpenAiError ErrorOf(KeyRefusal refusal, PresentedKey shown, KeyRules rules) => refusal switch
    {
        KeyRefusal.Revoked => OpenAiError.RevokedApiKey(shown.Text),
        KeyRefusal.Disabled => OpenAiError.DisabledApiKey(shown.Text),
        KeyRefusal.Expired => OpenAiError.ExpiredApiKey(shown.Text),
        KeyRefusal.ProjectArchived => OpenAiError.ProjectArchived(rules.Project!.Name),
        _ => OpenAiError.OrganizationSuspended(),
    };

    /// <summary>Whether the secret is one of the key's, whatever else refuses it.</summary>
    public bool Proves(PresentedKey shown, KeyRecord key) => Prove(shown.Secret, key, _clock.GetUtcNow()).Proved;

    private (bool Proved, DateTimeOffset? OverlapEndsAt) Prove(string secret, KeyRecord key, DateTimeOffset now)
    {
        var (proved, overlapEndsAt) = (false, (DateTimeOffset?)null);
        Span<byte> stored = stackalloc byte[32];
        foreach (var candidate in key.Secrets)
        {
            if (candidate.NotAfter <= now || !_peppers.TryGetValue(candidate.PepperId, out var pepper)
                || !Convert.TryFromBase64String(candidate.Mac, stored, out var length) || length != stored.Length)
            {
                continue;
            }

            var fits = CryptographicOperations.FixedTimeEquals(ApiKeyText.Mac(pepper, secret), stored);
            proved |= fits;
            overlapEndsAt = fits ? candidate.NotAfter : overlapEndsAt;
        }

        return (proved, overlapEndsAt);
    }

    private static bool Contains(IReadOnlyList<string> networks, IPAddress? address)
    {
        if (address is null)
        {
            return false;
        }

        var mapped = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return networks.Any(text => IPNetwork.TryParse(text, out var network) && network.Contains(mapped));
    }
}
