using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Sessions;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Users;

/// <summary>
/// Sign-in by password. An unknown address and a wrong password give one answer after one password hash, so that neither words nor time
/// tell them apart. An attempt is counted before the password is looked at.
/// </summary>
internal sealed class PasswordSignIn(
    UserManager<User> users, SessionCookie sessions, Registration registration, SignUpCookie signUps, CredentialLimiter limiter,
    ClientAddress addresses)
{
    private static readonly User Nobody = new() { CreatedAt = default };
    private static string? _nobodysHash;

    /// <returns>What became of it and, for <see cref="SignInOutcome.TooMany"/>, how long to wait.</returns>
    public async Task<(SignInOutcome Outcome, TimeSpan Wait)> SignInAsync(
        HttpContext context, string email, string password, bool remember)
    {
        var source = addresses.SourceOf(context);
        if (await limiter.TakeGuessAsync(email, source, context.RequestAborted) is { } wait)
        {
            return (SignInOutcome.TooMany, wait);
        }

        if (await users.FindByEmailAsync(email) is not { } user)
        {
            _nobodysHash ??= users.PasswordHasher.HashPassword(Nobody, "nobody's password");
            users.PasswordHasher.VerifyHashedPassword(Nobody, _nobodysHash, password);
            return (SignInOutcome.Refused, default);
        }

        if (!await users.CheckPasswordAsync(user, password))
        {
            return (SignInOutcome.Refused, default);
        }

        await limiter.ForgiveAsync(email, source, context.RequestAborted);
        if (user.EmailConfirmed)
        {
            await sessions.SignInAsync(context, user, remember);
            return (SignInOutcome.SignedIn, default);
        }

        if (await limiter.TakeMailAsync(email, source, context.RequestAborted) is { } pause)
        {
            return (SignInOutcome.TooMany, pause);
        }

        await registration.ResendConfirmationAsync(user, context.RequestAborted);
        signUps.Write(context, user.Email!, user.SecurityStamp!); // This browser has just proved that it knows the password.
        return (SignInOutcome.Unconfirmed, default);
    }
}

/// <summary>What became of a sign-in.</summary>
internal enum SignInOutcome
{
    Refused = 0,

    /// <summary>The password was right; a new confirmation link is on its way.</summary>
    Unconfirmed = 1,
    SignedIn = 2,

    /// <summary>Not looked at: the source must wait.</summary>
    TooMany = 3,
}
