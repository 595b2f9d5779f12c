using System.Net;

namespace Tollgate.Gateway.Authentication;

/// <summary>A key as a client showed it: well formed, its checksum right, its secret not yet proved.</summary>
/// <param name="Text">All of it, for errors that show its ends.</param>
/// <param name="Address">The client's address; null when the connection has none.</param>
internal sealed record PresentedKey(string Text, string PublicId, string Secret, IPAddress? Address)
{
    /// <summary>The public id alone: the secret never reaches a log.</summary>
    public override string ToString() => PublicId;
}
