using Tollgate.Accounts.Database;
using Tollgate.Accounts.Passkeys;
using Tollgate.Accounts.SecondFactor;

namespace Tollgate.Accounts.Credentials;

/// <summary>Signs in by passkey, which counts as two factors.</summary>
internal sealed class PasskeySignIn(PasskeyBook passkeys, SignInDoor door, Letters letters, AccountsDb db)
{
    /// <summary>Signs the browser in, or returns why not.</summary>
    public async Task<SignInOutcome> SignInAsync(HttpContext context, PasskeyForm answer)
    {
        switch (await passkeys.CheckAsync(context, answer))
        {
            case PasskeyCheck.Accepted { User: { EmailConfirmed: true } user }:
                await door.EnterWithBothAsync(context, user, remember: false, "passkey"); // The next one is a touch again.
                return new SignInOutcome.SignedIn();
            case PasskeyCheck.Expired:
                return new SignInOutcome.TryAgain();
            case PasskeyCheck.Copied copied:
                letters.AddPasskeyCopied(copied.Owner);
                await db.SaveChangesAsync(context.RequestAborted);
                letters.Wake();
                return new SignInOutcome.Refused();
            default:
                return new SignInOutcome.Refused();
        }
    }
}
