using Microsoft.AspNetCore.Identity;

namespace Tollgate.Accounts.Users;

/// <summary>
/// Sign-in by password. An unknown address, a wrong password and a locked account give one answer after one password hash, so that neither
/// words nor time tell them apart.
/// </summary>
internal sealed class PasswordSignIn(UserManager<User> users, SignInManager<User> sessions, Registration registration)
{
    private static readonly User Nobody = new() { CreatedAt = default };
    private static string? _nobodysHash;

    public async Task<SignInOutcome> SignInAsync(string email, string password, bool remember, CancellationToken cancellationToken)
    {
        if (await users.FindByEmailAsync(email) is not { } user)
        {
            _nobodysHash ??= users.PasswordHasher.HashPassword(Nobody, "nobody's password");
            users.PasswordHasher.VerifyHashedPassword(Nobody, _nobodysHash, password);
            return SignInOutcome.Refused;
        }

        var isRight = await users.CheckPasswordAsync(user, password);
        if (await users.IsLockedOutAsync(user))
        {
            return SignInOutcome.Refused;
        }

        if (!isRight)
        {
            await users.AccessFailedAsync(user);
            return SignInOutcome.Refused;
        }

        if (!user.EmailConfirmed)
        {
            await registration.ResendConfirmationAsync(user, cancellationToken);
            return SignInOutcome.Unconfirmed;
        }

        await users.ResetAccessFailedCountAsync(user);
        await sessions.SignInAsync(user, remember);
        return SignInOutcome.SignedIn;
    }
}

/// <summary>What became of a sign-in.</summary>
internal enum SignInOutcome
{
    Refused = 0,

    /// <summary>The password was right; a new confirmation link is on its way.</summary>
    Unconfirmed = 1,
    SignedIn = 2,
}
