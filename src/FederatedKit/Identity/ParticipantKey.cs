using System.Security.Cryptography;
using Tollgate.Contracts.Federated;

namespace Tollgate.FederatedKit.Identity;

/// <summary>The key with which a participant signs its messages: ECDSA on P-256 in a PEM file that only its owner can read.</summary>
internal static class ParticipantKey
{
    /// <summary>Reads the key, or makes it where there is none.</summary>
    /// <exception cref="KitException">The file holds something else.</exception>
    public static ECDsa OpenOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            using var writer = new StreamWriter(file);
            writer.WriteLine(made.ExportPkcs8PrivateKeyPem());
        }

        return Open(path);
    }

    /// <summary>Reads the key.</summary>
    /// <exception cref="KitException">There is none.</exception>
    public static ECDsa Open(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException
            or CryptographicException)
        {
            key.Dispose();
            throw new KitException($"'{path}' holds no key: {exception.Message} Make one: tollgate-federated keys {path}");
        }
    }

    /// <summary>Number of the key's owner among the participants of a task.</summary>
    /// <exception cref="KitException">The task does not name the key.</exception>
    public static int NumberIn(FederatedTask task, ECDsa key)
    {
        var own = key.ExportSubjectPublicKeyInfo();
        var place = task.Participants.ToList().FindIndex(one => one.PublicKey.AsSpan().SequenceEqual(own));
        return place >= 0 ? place + 1 : throw new KitException(
            "The training does not name your key. Give the owner the line that 'tollgate-federated keys' prints, before the training is "
            + "made.");
    }
}
