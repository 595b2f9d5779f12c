using System.Security.Cryptography;
using Tollgate.Contracts.Federated;

namespace Tollgate.FederatedKit.Rounds;

/// <summary>The service shows a participant what does not fit together; the participant sends nothing more in this attempt.</summary>
internal sealed class ProtocolException(string message) : Exception(message);

/// <summary>A participant's side of one attempt: its keys and seeds, which end with it.</summary>
/// <remarks>Bonawitz et al., Practical secure aggregation for privacy-preserving machine learning (2017).</remarks>
internal sealed class SecureRound : IDisposable
{
    private readonly FederatedTask _task;
    private readonly int _number;
    private readonly AgreementKey _sealing = AgreementKey.Create();
    private readonly AgreementKey _masking = AgreementKey.Create();
    private readonly byte[] _seed = RandomNumberGenerator.GetBytes(MaskStream.KeyBytes);
    private readonly Dictionary<int, byte[]> _points = [];
    private readonly Dictionary<int, byte[]> _held = [];
    private bool _disclosed;

    public SecureRound(FederatedTask task, RoundContext context, int number) => (_task, Context, _number) = (task, context, number);

    public RoundContext Context { get; }

    /// <summary>The public points of both keys.</summary>
    public byte[] Keys() => [.. _sealing.Point, .. _masking.Point];

    /// <summary>Checks the members' keys and seals a share of both secrets for each other member.</summary>
    /// <param name="keys">Of all members.</param>
    /// <exception cref="ProtocolException">A key is not signed by its participant, or the members are too few.</exception>
    public byte[] Shares(IReadOnlyList<FederatedMessage> keys)
    {
        foreach (var message in keys)
        {
            if (message.Participant < 1 || message.Participant > _task.Participants.Count || message.Phase != FederatedPhase.Keys
                || message.Payload.Length != 2 * AgreementKey.PointBytes
                || !Context.Verify(message, _task.Participants[message.Participant - 1])
                || !_points.TryAdd(message.Participant, message.Payload))
            {
                throw new ProtocolException($"The keys of participant {message.Participant} are not signed by it.");
            }
        }

        if (_points.Count < _task.Minimum || !_points.TryGetValue(_number, out var own) || !own.AsSpan().SequenceEqual(Keys()))
        {
            throw new ProtocolException($"The round has {_points.Count} members, or not this one; {_task.Minimum} are needed.");
        }

        int[] members = [.. _points.Keys.Order()];
        var scalar = _masking.ExportScalar();
        var (ofKey, ofSeed) = (SecretSharing.Split(scalar, members, _task.Minimum), SecretSharing.Split(_seed, members, _task.Minimum));
        CryptographicOperations.ZeroMemory(scalar);
        var payload = new List<byte>();
        for (var i = 0; i < members.Length; i++)
        {
            byte[] both = [.. ofKey[i], .. ofSeed[i]];
            if (members[i] == _number)
            {
                _held[_number] = both;
            }
            else
            {
                payload.AddRange(Seal(members[i], both));
            }
        }

        return [.. payload];
    }

    /// <summary>Opens the shares that this member holds for others, and masks its vector against them.</summary>
    /// <param name="vector">Its numbers; masked in place.</param>
    /// <param name="shares">From all other members that go on.</param>
    /// <exception cref="ProtocolException">A share does not open, or the members are too few.</exception>
    public byte[] Mask(ulong[] vector, IReadOnlyList<SealedShare> shares)
    {
        foreach (var share in shares)
        {
            if (share.From == _number || !_points.ContainsKey(share.From) || !_held.TryAdd(share.From, Open(share)))
            {
                throw new ProtocolException($"The shares of participant {share.From} are not for this round.");
            }
        }

        if (_held.Count < _task.Minimum)
        {
            throw new ProtocolException($"Only {_held.Count} members go on, and {_task.Minimum} are needed.");
        }

        MaskStream.Apply(_seed, vector, adds: true);
        foreach (var member in _held.Keys.Where(member => member != _number))
        {
            MaskStream.Apply(
                _masking.Agree(_points[member].AsSpan(AgreementKey.PointBytes), Context.MaskPurpose(_number, member)), vector,
                adds: _number < member);
        }

        return RingVector.ToBytes(vector);
    }

    /// <summary>The share of each member's seed, if its vector arrived, or else of its mask key: never both, and only once.</summary>
    /// <param name="masked">Members whose vectors arrived.</param>
    /// <exception cref="ProtocolException">They are too few, strangers, without this member, or were asked for before.</exception>
    public byte[] Disclose(IReadOnlyList<int> masked)
    {
        if (_disclosed || masked.Distinct().Count() < _task.Minimum || !masked.Contains(_number)
            || masked.Any(member => !_held.ContainsKey(member)))
        {
            throw new ProtocolException("The list of arrived vectors is not one that shares may be disclosed for.");
        }

        _disclosed = true;
        return
        [
            .. _held.OrderBy(one => one.Key).SelectMany(one => masked.Contains(one.Key)
                ? one.Value[RoundContext.ShareBytes..] : one.Value[..RoundContext.ShareBytes]),
        ];
    }

    public void Dispose()
    {
        _sealing.Dispose();
        _masking.Dispose();
        CryptographicOperations.ZeroMemory(_seed);
    }

    private byte[] Seal(int to, byte[] both)
    {
        // Each key seals one message, so that the nonce may be constant.
        var payload = new byte[RoundContext.SealedShareBytes];
        using var cipher = new AesGcm(SealKey(to, Context.SharePurpose(_number, to)), AesGcm.TagByteSizes.MaxSize);
        cipher.Encrypt(
            new byte[AesGcm.NonceByteSizes.MaxSize], both, payload.AsSpan(0, both.Length), payload.AsSpan(both.Length));
        return payload;
    }

    private byte[] Open(SealedShare share)
    {
        const int Length = 2 * RoundContext.ShareBytes;
        var both = new byte[Length];
        try
        {
            using var cipher = new AesGcm(SealKey(share.From, Context.SharePurpose(share.From, _number)), AesGcm.TagByteSizes.MaxSize);
            cipher.Decrypt(
                new byte[AesGcm.NonceByteSizes.MaxSize], share.Payload.AsSpan(0, Length), share.Payload.AsSpan(Length), both);
            return both;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new ProtocolException($"The shares of participant {share.From} do not open: {exception.Message}");
        }
    }

    private byte[] SealKey(int other, string purpose) =>
        _sealing.Agree(_points[other].AsSpan(0, AgreementKey.PointBytes), purpose);
}
