using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Tollgate.Accounts.Account;

/// <summary>Writes and reads the codes of mailed links. A code names one change and the address that it was mailed to, sealed.</summary>
internal sealed class AddressLinks(IDataProtectionProvider protection)
{
    private readonly ITimeLimitedDataProtector _confirmations =
        protection.CreateProtector("address link", "confirm").ToTimeLimitedDataProtector();

    private readonly ITimeLimitedDataProtector _undos =
        protection.CreateProtector("address link", "undo").ToTimeLimitedDataProtector();

    /// <summary>A code for the new address. Lasts one hour.</summary>
    public string WriteConfirmation(EmailChange change) => Write(_confirmations, change.Id, change.NewEmail, TimeSpan.FromHours(1));

    /// <summary>A code for the old address. Lasts seven days.</summary>
    public string WriteUndo(EmailChange change) => Write(_undos, change.Id, change.OldEmail, TimeSpan.FromDays(7));

    /// <summary>Reads a code for the new address; null when it is none or too old.</summary>
    public AddressLink? ReadConfirmation(string? code) => Read(_confirmations, code);

    /// <summary>Reads a code for the old address; null when it is none or too old.</summary>
    public AddressLink? ReadUndo(string? code) => Read(_undos, code);

    private static string Write(ITimeLimitedDataProtector protector, Guid changeId, string address, TimeSpan lifetime) =>
        protector.Protect(JsonSerializer.Serialize(new AddressLink(changeId, address)), lifetime);

    private static AddressLink? Read(ITimeLimitedDataProtector protector, string? code)
    {
        if (code is not { Length: > 0 and < 2000 })
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<AddressLink>(protector.Unprotect(code));
        }
        catch (CryptographicException)
        {
            return null; // Expired, or not ours.
        }
    }
}

/// <summary>Content of a mailed link.</summary>
/// <param name="Address">The address that it was mailed to.</param>
internal sealed record AddressLink(Guid ChangeId, string Address);
