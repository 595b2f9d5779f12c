using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Authentication;

/// <summary>
/// Turns <c>Authorization: Bearer</c>, or <c>x-api-key</c> of Anthropic's clients, into a <see cref="Caller"/>. The caller's
/// records may still be old: the admission that every authenticated request makes compares their versions. Thread-safe.
/// </summary>
internal sealed class Authenticator(
    KeyDirectory directory, KeyVerifier verifier, ClientAddress addresses, RefusedKeys refused, FailureBudget failures,
    KeyUseCounters uses)
{
    private const string Scheme = "Bearer ";
    private const string KeyHeader = "x-api-key";
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>The caller, or the refusal to send: 401, 403, 429 for an address that has tried too many keys, or 503 while an unknown
    /// key cannot be looked up.</summary>
    public async ValueTask<OrRefusal<Caller>> AuthenticateAsync(
        HttpContext context, CancellationToken cancellationToken)
    {
        if (!TryReadKey(context.Request, out var text, out var unreadable))
        {
            return unreadable;
        }

        if (!ApiKeyText.TryParse(text, out var publicId, out var secret))
        {
            return text.StartsWith(ApiKeyText.AdminPrefix, StringComparison.Ordinal)
                ? OpenAiError.AdminKeyElsewhere() : OpenAiError.InvalidApiKey(text);
        }

        var shown = new PresentedKey(text.ToString(), publicId, secret, addresses.Of(context));
        if (directory.Recall(publicId) is { } known && verifier.Verify(shown, known.Key, known.Policy) is { Value: { } caller })
        {
            return caller;
        }

        if (refused.Contains(shown))
        {
            return OpenAiError.InvalidApiKey(text);
        }

        // A key that memory refuses may have been enabled, rotated or extended since; only a fresh record refuses.
        return await failures.TakeAsync(shown.Address, cancellationToken) is { } refusal
            ? refusal : await TryAsync(shown, cancellationToken);
    }

    /// <summary>The caller of a key that a service names: everything holds but the proof of the secret. The caller of this method has
    /// proved the service.</summary>
    /// <returns>As <see cref="AuthenticateAsync"/>, without 429.</returns>
    public async ValueTask<OrRefusal<Caller>> AuthenticateNamedAsync(string publicId, CancellationToken cancellationToken)
    {
        if (!ApiKeyText.IsPublicId(publicId))
        {
            return OpenAiError.InvalidApiKey(publicId);
        }

        var shown = PresentedKey.NamedByService(publicId);
        return directory.Recall(publicId) is { } known && verifier.Verify(shown, known.Key, known.Policy) is { Value: { } caller }
            ? caller
            : await LookUpAsync(shown, async (id, token) => await directory.FindAsync(id, token), cancellationToken);
    }

    /// <summary>Looks a key up at the cost of its address, if there is no such key.</summary>
    private async ValueTask<OrRefusal<Caller>> TryAsync(PresentedKey shown, CancellationToken cancellationToken)
    {
        var failed = false;
        try
        {
            return await LookUpAsync(
                shown,
                async (publicId, token) =>
                {
                    var found = await directory.FindAsync(publicId, token);
                    failed = found is null || !verifier.Proves(shown, found.Key);
                    if (found is null)
                    {
                        refused.AddId(shown);
                    }
                    else if (failed)
                    {
                        refused.AddSecret(shown);
                    }

                    return found;
                },
                cancellationToken);
        }
        finally
        {
            failures.Done(shown.Address, failed);
        }
    }

    /// <summary>Proves a caller again after its records turned out to be old.</summary>
    /// <param name="askAccounts">Skip Redis; make Accounts republish.</param>
    public ValueTask<OrRefusal<Caller>> RefreshAsync(
        Caller caller, bool askAccounts, CancellationToken cancellationToken)
    {
        var shown = caller.Presented ?? throw new InvalidOperationException("The caller was not made by authentication.");
        return LookUpAsync(
            shown,
            async (publicId, token) =>
                await (askAccounts ? directory.ResolveAsync(publicId, token) : directory.FindAsync(publicId, token)),
            cancellationToken);
    }

    /// <summary>Counts a request that the newest record of its key let in, whatever becomes of it then. An older record may take an old
    /// secret for the current one, so this comes after the admission's look at the versions.</summary>
    /// <param name="caller">Null when the newest record refused the key: nothing to count.</param>
    public void CountUse(Caller? caller)
    {
        if (caller is not null)
        {
            uses.Count(caller.KeyId, caller.OverlapEndsAt);
        }
    }

    private async ValueTask<OrRefusal<Caller>> LookUpAsync(
        PresentedKey shown, Func<string, CancellationToken, ValueTask<ResolvedKey?>> look, CancellationToken cancellationToken)
    {
        try
        {
            return await look(shown.PublicId, cancellationToken) is { } found
                ? verifier.Verify(shown, found.Key, found.Policy)
                : OpenAiError.InvalidApiKey(shown.Text);
        }
        catch (AccountsUnavailableException)
        {
            return OpenAiError.AuthenticationUnavailable(RetryAfter);
        }
        catch (RedisUnavailableException)
        {
            return OpenAiError.Overloaded(RetryAfter);
        }
    }

    /// <summary>The key that a request shows, whatever its form.</summary>
    internal static bool TryReadKey(HttpRequest request, out ReadOnlySpan<char> key, [NotNullWhen(false)] out OpenAiError? error) =>
        TryReadKey(request.Headers.Authorization, request.Headers[KeyHeader], out key, out error);

    /// <param name="bearer">The header <c>Authorization</c>.</param>
    /// <param name="named">The header <c>x-api-key</c>, whose whole value is the key.</param>
    private static bool TryReadKey(
        StringValues bearer, StringValues named, out ReadOnlySpan<char> key, [NotNullWhen(false)] out OpenAiError? error)
    {
        key = default;
        error = OpenAiError.MissingBearer();
        var (hasBearer, hasNamed) = (!StringValues.IsNullOrEmpty(bearer), !StringValues.IsNullOrEmpty(named));
        if (hasBearer)
        {
            if (bearer.Count != 1 || bearer[0] is not { } value || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            key = value.AsSpan(Scheme.Length).Trim();
        }

        if (hasNamed)
        {
            var other = named.Count == 1 ? named[0].AsSpan().Trim() : default;
            if (hasBearer && !key.SequenceEqual(other))
            {
                error = OpenAiError.TwoApiKeys();
                return false;
            }

            key = other;
        }

        error = key.Length > 0 ? null : error;
        return key.Length > 0;
    }
}
