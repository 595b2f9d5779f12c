using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Passwords;

/// <summary>Refuses passwords that attackers try first, regardless of their character classes.</summary>
internal sealed class PasswordRules : IPasswordValidator<User>
{
    /// <summary>Minimum number of characters.</summary>
    public const int Length = 12;

    /// <summary>
    /// Iterations of PBKDF2-HMAC-SHA-512, as OWASP currently recommends. A password hashed with fewer is rehashed at its next sign-in.
    /// </summary>
    public const int Iterations = 220_000;

    public Task<IdentityResult> ValidateAsync(UserManager<User> manager, User user, string? password)
    {
        var text = password ?? "";
        var name = user.Email?.Split('@')[0] ?? "";
        if (name.Length >= 4 && text.Contains(name, StringComparison.OrdinalIgnoreCase))
        {
            return Task.FromResult(Refuse("The password must not contain your e-mail address."));
        }

        return Task.FromResult(CommonPasswords.Contains(text)
            ? Refuse("This password is among the first that anybody would try. A few unrelated words are a good one.")
            : IdentityResult.Success);
    }

    private static IdentityResult Refuse(string reason) =>
        IdentityResult.Failed(new IdentityError { Code = "WeakPassword", Description = reason });
}
