using System.Security.Cryptography;
using Tollgate.Contracts.Federated;

namespace Tollgate.Learning.Federated;

/// <summary>The masks of a round cannot be taken off: somebody sent what does not fit together.</summary>
internal sealed class MaskedSumException(string code, string message) : Exception(message)
{
    public string Code => code;
}

/// <summary>
/// Takes the masks off the sum of an attempt. A vector alone stays masked: its own seed, and one key for each other member, would be needed
/// together, and members give only one of the two.
/// </summary>
/// <remarks>Bonawitz et al., Practical secure aggregation for privacy-preserving machine learning (2017), the honest-but-curious form.
/// </remarks>
internal sealed class MaskedSum(RoundContext context, int threshold)
{
    /// <summary>Public points of masks by member, of all who sent shares.</summary>
    public required IReadOnlyDictionary<int, byte[]> Points { get; init; }

    /// <summary>Masked vectors by member; a part of <see cref="Points"/>.</summary>
    public required IReadOnlyDictionary<int, ulong[]> Vectors { get; init; }

    /// <summary>What members disclosed: a share for each of <see cref="Points"/> in rising order.</summary>
    public required IReadOnlyDictionary<int, byte[]> Disclosed { get; init; }

    /// <summary>The sum of the vectors.</summary>
    /// <exception cref="MaskedSumException">Shares do not fit their public points.</exception>
    public ulong[] Open()
    {
        int[] members = [.. Points.Keys.Order()];
        var sum = new ulong[Vectors.Values.First().Length];
        foreach (var vector in Vectors.Values)
        {
            RingVector.Add(sum, vector);
        }

        for (var place = 0; place < members.Length; place++)
        {
            var (member, secret) = (members[place], Secret(place));
            if (Vectors.ContainsKey(member))
            {
                MaskStream.Apply(secret, sum, adds: false);
            }
            else
            {
                TakeOffPairs(member, secret, sum);
            }
        }

        return sum;
    }

    private byte[] Secret(int place) => SecretSharing.Combine(
    [
        .. Disclosed.OrderBy(one => one.Key).Take(threshold).Select(
            one => (one.Key, one.Value.AsSpan(place * RoundContext.ShareBytes, RoundContext.ShareBytes).ToArray())),
    ]);

    /// <summary>Takes off what the others added for a member whose vector did not arrive.</summary>
    private void TakeOffPairs(int missing, byte[] scalar, ulong[] sum)
    {
        using var key = Restore(missing, scalar);
        foreach (var member in Vectors.Keys)
        {
            // The lower number of a pair added the mask, the higher one took it away.
            MaskStream.Apply(key.Agree(Points[member], context.MaskPurpose(missing, member)), sum, adds: member > missing);
        }
    }

    private AgreementKey Restore(int member, byte[] scalar)
    {
        try
        {
            var key = AgreementKey.Of(scalar);
            if (key.Point.AsSpan().SequenceEqual(Points[member]))
            {
                return key;
            }

            key.Dispose();
        }
        catch (CryptographicException)
        {
            throw Wrong(member);
        }

        throw Wrong(member);
    }

    private static MaskedSumException Wrong(int member) => new(
        "shares_inconsistent",
        $"The shares of participant {member}'s mask key do not give that key: a participant sent wrong shares. "
        + "Nothing of the round was used.");
}
