using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Passkeys;

/// <summary>
/// Keeps passkeys and checks their answers. A challenge goes to the browser sealed, lasts five minutes and works once. Each answer must
/// have verified the person, by fingerprint, face or PIN; a passkey therefore counts as two factors.
/// </summary>
internal sealed class PasskeyBook(
    IPasskeyHandler<User> handler, UserManager<User> users, AccountsDb db, CredentialLimiter limiter,
    IDataProtectionProvider protection, AuditTrail trail)
{
    /// <summary>Most passkeys of a user.</summary>
    public const int Most = 20;

    /// <summary>Lifetime of a challenge.</summary>
    public static readonly TimeSpan ChallengeLifetime = TimeSpan.FromMinutes(5);

    private const string CounterFault = "signature counter"; // Part of the message of the handler's exception, which has no code.
    private readonly ITimeLimitedDataProtector _creations =
        protection.CreateProtector("passkey", "creation").ToTimeLimitedDataProtector();

    private readonly ITimeLimitedDataProtector _requests =
        protection.CreateProtector("passkey", "request").ToTimeLimitedDataProtector();

    /// <summary>Whether browsers offer passkeys under the request's host name. They do not for bare addresses.</summary>
    public static bool ArePossible(HttpContext context) => !IPAddress.TryParse(context.Request.Host.Host.Trim('[', ']'), out _);

    public async Task<IReadOnlyList<UserPasskeyInfo>> ListAsync(User user) =>
        [.. (await users.GetPasskeysAsync(user)).OrderBy(passkey => passkey.CreatedAt)];

    /// <summary>Options for a new passkey of a user, for the browser's script.</summary>
    public async Task<PasskeyOffer> OfferCreationAsync(HttpContext context, User user)
    {
        var made = await handler.MakeCreationOptionsAsync(
            new PasskeyUserEntity { Id = user.Id.ToString(), Name = user.Email!, DisplayName = user.Email! }, context);
        return new PasskeyOffer(_creations.Protect(made.AttestationState!, ChallengeLifetime), made.CreationOptionsJson);
    }

    /// <summary>Options for an answer by a passkey.</summary>
    /// <param name="user">Whose passkeys may answer; null for anybody's.</param>
    public async Task<PasskeyOffer> OfferRequestAsync(HttpContext context, User? user)
    {
        var made = await handler.MakeRequestOptionsAsync(user, context);
        return new PasskeyOffer(_requests.Protect(made.AssertionState!, ChallengeLifetime), made.RequestOptionsJson);
    }

    /// <summary>Adds a passkey in the caller's transaction, which saves it. Returns null, or what is wrong.</summary>
    public async Task<string?> AddAsync(HttpContext context, User user, string name, PasskeyForm answer)
    {
        if (await OpenAsync(_creations, answer.State, context.RequestAborted) is not { } state)
        {
            return "This took longer than five minutes, or was sent before. Try again.";
        }

        var made = await handler.PerformAttestationAsync(new PasskeyAttestationContext
        {
            HttpContext = context, CredentialJson = answer.Credential ?? "", AttestationState = state,
        });
        if (!made.Succeeded || made.UserEntity.Id != user.Id.ToString())
        {
            return "Your browser's answer is not right. Try again.";
        }

        if ((await users.GetPasskeysAsync(user)).Count >= Most)
        {
            return $"You have {Most} passkeys, as many as you may have. Remove one first.";
        }

        made.Passkey.Name = name;
        var added = await users.AddOrUpdatePasskeyAsync(user, made.Passkey);
        if (!added.Succeeded)
        {
            return "Your account changed at the same moment. Try again.";
        }

        await trail.AddForAccountAsync(
            "account.passkey.add", user.Id, context.RequestAborted, WebEncoders.Base64UrlEncode(made.Passkey.CredentialId), new { name });
        return null;
    }

    /// <summary>Removes a passkey in the caller's transaction, which saves it.</summary>
    public async Task RemoveAsync(User user, UserPasskeyInfo passkey, CancellationToken cancellationToken)
    {
        await users.RemovePasskeyAsync(user, passkey.CredentialId);
        await trail.AddForAccountAsync(
            "account.passkey.remove", user.Id, cancellationToken, WebEncoders.Base64UrlEncode(passkey.CredentialId), new { passkey.Name });
    }

    /// <summary>Checks a passkey's answer.</summary>
    public async Task<PasskeyCheck> CheckAsync(HttpContext context, PasskeyForm answer)
    {
        if (await OpenAsync(_requests, answer.State, context.RequestAborted) is not { } state)
        {
            return new PasskeyCheck.Expired();
        }

        var result = await handler.PerformAssertionAsync(new PasskeyAssertionContext
        {
            HttpContext = context, CredentialJson = answer.Credential ?? "", AssertionState = state,
        });
        if (!result.Succeeded)
        {
            return result.Failure.Message.Contains(CounterFault, StringComparison.Ordinal)
                && ReadId(answer.Credential) is { } id && await users.FindByPasskeyIdAsync(id) is { } owner
                ? await FlagAsync(owner, id, context.RequestAborted)
                : new PasskeyCheck.Refused();
        }

        return await CountUseAsync(result.Passkey, context.RequestAborted)
            ? new PasskeyCheck.Accepted(result.User)
            : await FlagAsync(result.User, result.Passkey.CredentialId, context.RequestAborted);
    }

    /// <summary>
    /// Stores the counter of a checked answer, unless an answer with a higher one came in between. A passkey that several devices share
    /// counts nothing and stays at 0.
    /// </summary>
    private async Task<bool> CountUseAsync(UserPasskeyInfo passkey, CancellationToken cancellationToken)
    {
        var (id, count, backedUp) = (passkey.CredentialId, (long)passkey.SignCount, passkey.IsBackedUp);
        return await db.Database.ExecuteSqlAsync(
            $"""
            update accounts.user_passkeys
            set data = data || jsonb_build_object('SignCount', {count}, 'IsBackedUp', {backedUp})
            where credential_id = {id} and ((data->>'SignCount')::bigint < {count} or ((data->>'SignCount')::bigint = 0 and {count} = 0))
            """,
            cancellationToken) > 0;
    }

    private async Task<PasskeyCheck> FlagAsync(User owner, byte[] credentialId, CancellationToken cancellationToken)
    {
        await trail.AddForAccountAsync(
            "account.passkey.copied", owner.Id, cancellationToken, WebEncoders.Base64UrlEncode(credentialId));
        await db.SaveChangesAsync(cancellationToken);
        return new PasskeyCheck.Copied(owner);
    }

    private async Task<string?> OpenAsync(ITimeLimitedDataProtector protector, string? state, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(state))
        {
            return null;
        }

        try
        {
            var opened = protector.Unprotect(state);
            return await limiter.TakeOnceAsync(opened, ChallengeLifetime, cancellationToken) ? opened : null;
        }
        catch (CryptographicException)
        {
            return null; // Expired, or not ours.
        }
    }

    private static byte[]? ReadId(string? credential)
    {
        try
        {
            return WebEncoders.Base64UrlDecode(JsonNode.Parse(credential ?? "")?["id"]?.GetValue<string>() ?? "");
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>What a browser's script needs to ask an authenticator.</summary>
/// <param name="State">The sealed challenge, which the browser sends back.</param>
/// <param name="OptionsJson">WebAuthn's options in JSON.</param>
internal sealed record PasskeyOffer(string State, string OptionsJson);

/// <summary>A browser's answer to a <see cref="PasskeyOffer"/>.</summary>
public sealed class PasskeyForm
{
    public string? State { get; set; }

    /// <summary>The credential in JSON.</summary>
    public string? Credential { get; set; }
}

/// <summary>Result of a passkey's answer: one of the records in it.</summary>
internal abstract record PasskeyCheck
{
    private PasskeyCheck()
    {
    }

    internal sealed record Accepted(User User) : PasskeyCheck;

    /// <summary>The passkey is unknown, or the answer wrong.</summary>
    internal sealed record Refused : PasskeyCheck;

    /// <summary>The challenge is older than five minutes, or was answered before.</summary>
    internal sealed record Expired : PasskeyCheck;

    /// <summary>The signature is right, but its counter does not rise: the passkey may have been copied. The stored counter stays.
    /// </summary>
    internal sealed record Copied(User Owner) : PasskeyCheck;
}
