using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Credentials;

/// <summary>Checks the password of somebody who is signed in. Counts with the guesses of the sign-in page.</summary>
internal sealed class PasswordProof(UserManager<User> users, CredentialLimiter limiter, ClientAddress addresses)
{
    /// <summary>Returns null for the right password, else why not.</summary>
    public async Task<SignInOutcome?> CheckAsync(HttpContext context, User user, string password)
    {
        var source = addresses.SourceOf(context);
        if (await limiter.TakeGuessAsync(user.Email!, source, context.RequestAborted) is { } wait)
        {
            return new SignInOutcome.TooMany(wait);
        }

        if (!await users.CheckPasswordAsync(user, password))
        {
            return new SignInOutcome.Refused();
        }

        await limiter.ForgiveAsync(user.Email!, source, context.RequestAborted);
        return null;
    }
}
