using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Credentials;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Passkeys;
using Tollgate.Accounts.SecondFactor;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Account;

/// <summary>
/// Asks who is signed in to prove it again: by passkey, or by password and, with two-step verification on, a code. Then the session counts
/// as fresh for <c>Sessions:FreshFor</c>.
/// </summary>
internal sealed class Reauthentication(
    AccountsDb db, PasswordProof passwords, SecondFactorBook factors, PasskeyBook passkeys, SessionStore sessions, AuditTrail trail)
{
    /// <summary>Checks what the form gives, and makes the session fresh when it is right.</summary>
    public async Task<Confirmation> CheckAsync(HttpContext context, ConfirmForm form)
    {
        if (form.IsEmpty || SessionCookie.OwnOf(context) is not { } own)
        {
            return new Confirmation.Asked();
        }

        var user = await db.Users.SingleAsync(one => one.Id == own.UserId, context.RequestAborted);
        var outcome = form.Passkey.Credential is { Length: > 0 }
            ? await CheckPasskeyAsync(context, user, form.Passkey)
            : await CheckPasswordAsync(context, user, form);
        if (outcome is Confirmation.Proved)
        {
            await sessions.ProveAsync(own.UserId, own.SessionId, context.RequestAborted);
        }
        else if (outcome is Confirmation.Refused)
        {
            await trail.AddForAccountAsync("session.fail", user.Id, context.RequestAborted, after: new { reason = "confirmation" });
            await db.SaveChangesAsync(context.RequestAborted);
        }

        return outcome;
    }

    private async Task<Confirmation> CheckPasskeyAsync(HttpContext context, User user, PasskeyForm answer) =>
        await passkeys.CheckAsync(context, answer) switch
        {
            PasskeyCheck.Accepted accepted when accepted.User.Id == user.Id => new Confirmation.Proved(),
            PasskeyCheck.Expired => new Confirmation.Refused("The page was open for too long. Try again."),
            _ => new Confirmation.Refused("This passkey is not accepted."),
        };

    private async Task<Confirmation> CheckPasswordAsync(HttpContext context, User user, ConfirmForm form)
    {
        switch (await passwords.CheckAsync(context, user, form.Password))
        {
            case SignInOutcome.TooMany tooMany:
                return new Confirmation.TooMany(tooMany.Wait);
            case not null:
                return new Confirmation.Refused("The password is not right.");
        }

        if (!await factors.IsOnAsync(user.Id, context.RequestAborted))
        {
            return new Confirmation.Proved();
        }

        return await factors.CheckAsync(user.Id, form.Code, context.RequestAborted) switch
        {
            CodeCheck.Accepted => new Confirmation.Proved(),
            CodeCheck.TooMany tooMany => new Confirmation.TooMany(tooMany.Wait),
            _ => new Confirmation.Refused("The code is not right, or was used before. Wait for the app's next one."),
        };
    }
}

/// <summary>What a person gives to prove who it is.</summary>
internal sealed record ConfirmForm(string Password, string Code, PasskeyForm Passkey)
{
    /// <summary>Prefix of the fields' names, which no other form has.</summary>
    public const string Prefix = "Confirm";

    public bool IsEmpty => Password.Length == 0 && Passkey.Credential is not { Length: > 0 };

    public static ConfirmForm Read(IFormCollection form) => new(
        form[$"{Prefix}.Password"].ToString(), form[$"{Prefix}.Code"].ToString(),
        new PasskeyForm { State = form[$"{Prefix}.Passkey.State"], Credential = form[$"{Prefix}.Passkey.Credential"] });
}

/// <summary>Result of a confirmation: one of the records in it.</summary>
internal abstract record Confirmation
{
    private Confirmation()
    {
    }

    /// <summary>Nothing was given yet.</summary>
    internal sealed record Asked : Confirmation;

    /// <summary>The session is fresh.</summary>
    internal sealed record Proved : Confirmation;

    /// <param name="Fault">Text for the page.</param>
    internal sealed record Refused(string Fault) : Confirmation;

    /// <summary>A limit was reached.</summary>
    internal sealed record TooMany(TimeSpan Wait) : Confirmation;
}
