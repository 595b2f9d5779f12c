using System.Net;

namespace Tollgate.Gateway.Authentication;

/// <summary>A key as a client showed it: well formed, its checksum right, its secret not yet proved.</summary>
/// <param name="Text">All of it, for errors that show its ends; the public id of a key that a service names.</param>
/// <param name="Address">The client's address; null when the connection has none.</param>
internal sealed record PresentedKey(string Text, string PublicId, string Secret, IPAddress? Address)
{
    /// <summary>Whether a service that proved itself names the key in place of a client that shows it: there is no secret to prove, and no
    /// address to compare with the key's networks.</summary>
    public bool IsNamedByService { get; private init; }

    /// <param name="publicId">Of the form of one.</param>
    public static PresentedKey NamedByService(string publicId) => new(publicId, publicId, "", null) { IsNamedByService = true };

    /// <summary>The public id alone: the secret never reaches a log.</summary>
    public override string ToString() => PublicId;
}
