using System.Security.Cryptography;

namespace Tollgate.Cli.FirstOperator;

/// <summary>Passwords for the operator's account.</summary>
public static class OperatorPassword
{
    /// <summary>Creates a password of 23 characters that are not easily confused.</summary>
    public static string Create() =>
        RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 20) + "-7a";
}
