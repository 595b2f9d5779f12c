using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Contracts.Federated;

/// <summary>Steps of an attempt of a round; before the first round participants join.</summary>
public enum FederatedPhase
{
    /// <summary>The participant agrees to the task. No payload; round and attempt 0.</summary>
    Join = 0,

    /// <summary>Two public points, new for each attempt: for shares, then for masks.</summary>
    Keys,

    /// <summary>Shares of both secrets for each other member, each sealed for its holder.</summary>
    Shares,

    /// <summary>The vector under all masks.</summary>
    Masked,

    /// <summary>For each member whose shares are known: the share of its seed if its vector arrived, else that of its mask key.</summary>
    Unmask,
}

/// <summary>What ties keys and signatures to one attempt of one round of one task.</summary>
/// <param name="Task"><see cref="FederatedTask.Fingerprint"/>.</param>
public sealed record RoundContext(string Task, int Round, int Attempt)
{
    /// <summary>Bytes of a share of either secret.</summary>
    public const int ShareBytes = 32;

    /// <summary>Both shares for one holder, with the seal's tag.</summary>
    public const int SealedShareBytes = (2 * ShareBytes) + 16;

    private const string Protocol = "tollgate-federated/1";

    /// <summary>What is before the first round.</summary>
    public static RoundContext BeforeRounds(string task) => new(task, 0, 0);

    /// <summary>Purpose of the key from which two members make the mask that one adds and the other takes away.</summary>
    public string MaskPurpose(int one, int other) =>
        $"{Protocol} mask {Task} {Round} {Attempt} {Math.Min(one, other)} {Math.Max(one, other)}";

    /// <summary>Purpose of the key that seals the shares of one member for another.</summary>
    public string SharePurpose(int from, int to) => $"{Protocol} share {Task} {Round} {Attempt} {from} {to}";

    /// <summary>The bytes that a participant signs for a message.</summary>
    public byte[] ToSign(int participant, FederatedPhase phase, ReadOnlySpan<byte> payload) =>
    [
        .. Encoding.UTF8.GetBytes($"{Protocol} message {Task} {Round} {Attempt} {participant} {phase} "), .. SHA256.HashData(payload),
    ];

    /// <summary>Makes a message.</summary>
    /// <param name="participant">Its number.</param>
    /// <param name="identity">Its registered key.</param>
    public FederatedMessage Sign(int participant, FederatedPhase phase, byte[] payload, ECDsa identity) => new(
        participant, Round, Attempt, phase, payload, identity.SignData(ToSign(participant, phase, payload), HashAlgorithmName.SHA256));

    /// <summary>Whether a message is of this context, and its participant signed it.</summary>
    public bool Verify(FederatedMessage message, FederatedParticipant participant)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(participant.PublicKey, out _);
        return message.Round == Round && message.Attempt == Attempt && key.VerifyData(
            ToSign(message.Participant, message.Phase, message.Payload), message.Signature, HashAlgorithmName.SHA256);
    }
}

/// <summary>A signed message of a participant.</summary>
/// <param name="Participant">Its number, from 1.</param>
/// <param name="Signature">64 bytes, of <see cref="RoundContext.ToSign"/>.</param>
public sealed record FederatedMessage(
    int Participant, int Round, int Attempt, FederatedPhase Phase, byte[] Payload, byte[] Signature);
