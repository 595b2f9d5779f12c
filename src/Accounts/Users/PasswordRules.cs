using Microsoft.AspNetCore.Identity;

namespace Tollgate.Accounts.Users;

/// <summary>Refuses passwords that the first guesses would find, whatever characters they hold.</summary>
internal sealed class PasswordRules : IPasswordValidator<User>
{
    /// <summary>Characters, at least.</summary>
    public const int Length = 10;

    private static readonly string[] Common =
    [
        "password", "passw0rd", "qwerty", "1234567890", "0123456789", "letmein", "iloveyou", "welcome", "admin", "abc123", "tollgate",
        "changeme",
    ];

    public Task<IdentityResult> ValidateAsync(UserManager<User> manager, User user, string? password)
    {
        var text = password ?? "";
        var name = user.Email?.Split('@')[0] ?? "";
        if (name.Length >= 4 && text.Contains(name, StringComparison.OrdinalIgnoreCase))
        {
            return Task.FromResult(Refuse("The password must not contain your e-mail address."));
        }

        // What is left beside a common word must still be as long as half a password.
        return Task.FromResult(Array.Exists(Common, word =>
            text.Contains(word, StringComparison.OrdinalIgnoreCase) && text.Length - word.Length < Length / 2)
            ? Refuse("This password is among the first that anybody would try.")
            : IdentityResult.Success);
    }

    private static IdentityResult Refuse(string reason) =>
        IdentityResult.Failed(new IdentityError { Code = "WeakPassword", Description = reason });
}
