using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Credentials;

/// <summary>
/// Signs in by password. An unknown address and a wrong password get the same answer after one password hash, so neither text nor time
/// distinguishes them. Counts an attempt before it checks the password.
/// </summary>
internal sealed class PasswordSignIn(
    UserManager<User> users, SessionCookie sessions, Registration registration, SignUpCookie signUps, CredentialLimiter limiter,
    ClientAddress addresses)
{
    private static readonly User Nobody = new() { CreatedAt = default };
    private static string? _nobodysHash;

    /// <returns>The outcome and, for <see cref="SignInOutcome.TooMany"/>, the wait.</returns>
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

/// <summary>Names of outcomes in metrics.</summary>
internal static class SignInOutcomes
{
    public static string MetricName(this SignInOutcome outcome) => outcome switch
    {
        SignInOutcome.SignedIn => "signed_in",
        SignInOutcome.Unconfirmed => "unconfirmed",
        SignInOutcome.TooMany => "limited",
        _ => "refused",
    };
}

/// <summary>Result of a sign-in.</summary>
internal enum SignInOutcome
{
    Refused = 0,

    /// <summary>The password was correct; a new confirmation link is on its way.</summary>
    Unconfirmed = 1,
    SignedIn = 2,

    /// <summary>A limit was reached; the source must wait.</summary>
    TooMany = 3,
}
