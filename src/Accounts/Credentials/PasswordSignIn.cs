using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.SecondFactor;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Credentials;

/// <summary>
/// Signs in by password. An unknown address and a wrong password get the same answer after one password hash, so neither text nor time
/// distinguishes them. Counts an attempt before it checks the password.
/// </summary>
internal sealed class PasswordSignIn(
    UserManager<User> users, SignInDoor door, Registration registration, SignUpCookie signUps, CredentialLimiter limiter,
    ClientAddress addresses)
{
    private static readonly User Nobody = new() { CreatedAt = default };
    private static string? _nobodysHash;

    /// <summary>Signs the browser in, or returns why not.</summary>
    public async Task<SignInOutcome> SignInAsync(HttpContext context, string email, string password, bool remember)
    {
        var source = addresses.SourceOf(context);
        if (await limiter.TakeGuessAsync(email, source, context.RequestAborted) is { } wait)
        {
            return new SignInOutcome.TooMany(wait);
        }

        if (await users.FindByEmailAsync(email) is not { } user)
        {
            _nobodysHash ??= users.PasswordHasher.HashPassword(Nobody, "nobody's password");
            users.PasswordHasher.VerifyHashedPassword(Nobody, _nobodysHash, password);
            return new SignInOutcome.Refused();
        }

        if (!await users.CheckPasswordAsync(user, password))
        {
            return new SignInOutcome.Refused();
        }

        await limiter.ForgiveAsync(email, source, context.RequestAborted);
        if (user.EmailConfirmed)
        {
            return await door.EnterAsync(context, user, remember, "password")
                ? new SignInOutcome.SignedIn()
                : new SignInOutcome.NeedsCode();
        }

        if (await limiter.TakeMailAsync(email, source, context.RequestAborted) is { } pause)
        {
            return new SignInOutcome.TooMany(pause);
        }

        await registration.ResendConfirmationAsync(user, context.RequestAborted);
        signUps.Write(context, user.Email!, user.SecurityStamp!); // This browser has just proved that it knows the password.
        return new SignInOutcome.Unconfirmed();
    }
}

/// <summary>Result of a sign-in: one of the records in it.</summary>
/// <param name="MetricName">Its name in metrics.</param>
/// <param name="AuditAction">Its name in the audit log; null for a success, which the session writes down.</param>
internal abstract record SignInOutcome(string MetricName, string? AuditAction)
{
    /// <summary>The session's cookie is set.</summary>
    internal sealed record SignedIn() : SignInOutcome("signed_in", null);

    /// <summary>The password was correct; a code of the second factor is awaited.</summary>
    internal sealed record NeedsCode() : SignInOutcome("needs_code", null);

    /// <summary>The passkey's challenge is too old, or was answered before.</summary>
    internal sealed record TryAgain() : SignInOutcome("expired", null);

    /// <summary>The password was correct; a new confirmation link is on its way.</summary>
    internal sealed record Unconfirmed() : SignInOutcome("unconfirmed", "session.unconfirmed");

    /// <summary>The address is unknown, or the password or passkey wrong.</summary>
    internal sealed record Refused() : SignInOutcome("refused", "session.fail");

    /// <summary>A limit was reached.</summary>
    /// <param name="Wait">How long the source must wait.</param>
    internal sealed record TooMany(TimeSpan Wait) : SignInOutcome("limited", "session.lockout");
}
