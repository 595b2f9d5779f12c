using System.Security.Cryptography;
using Microsoft.AspNetCore.WebUtilities;

namespace Tollgate.Accounts.Invitations;

/// <summary>The secret in a mailed link: 32 random bytes in base64url. The table holds its hash.</summary>
internal static class InvitationToken
{
    private const int Size = 32;

    public static (string Token, byte[] Sha256) Create()
    {
        var bytes = RandomNumberGenerator.GetBytes(Size);
        return (WebEncoders.Base64UrlEncode(bytes), SHA256.HashData(bytes));
    }

    /// <summary>Returns null for a text that is no token.</summary>
    public static byte[]? Hash(string token)
    {
        if (token.Length is < Size or > 2 * Size)
        {
            return null;
        }

        try
        {
            return WebEncoders.Base64UrlDecode(token) is { Length: Size } bytes ? SHA256.HashData(bytes) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
