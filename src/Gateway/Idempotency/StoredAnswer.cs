using System.Buffers.Binary;
using System.Text;
using Tollgate.Contracts.Idempotency;
using Tollgate.Gateway.Memory;

namespace Tollgate.Gateway.Idempotency;

/// <summary>What is kept of an answer.</summary>
internal enum AnswerKind : byte
{
    /// <summary>That there was one; it was larger than <see cref="IdempotentAnswers.MostBytes"/>, or of
    /// an endpoint whose streams are not kept.</summary>
    TooLarge = 0,

    /// <summary>JSON in one piece.</summary>
    Json = 1,

    /// <summary>Server-sent events, <c>[DONE]</c> included.</summary>
    Events = 2,

    /// <summary>Plain text in one piece.</summary>
    Text = 3,
}

/// <summary>A complete answer as it is kept: digest of its request, kind, model's real name, body.</summary>
/// <param name="Digest">SHA-256 of route and body of the request, 32 bytes.</param>
internal sealed record StoredAnswer(Guid RequestId, byte[] Digest, AnswerKind Kind, string Model, ReadOnlyMemory<byte> Body)
{
    private const int DigestBytes = 32;
    private const int FixedBytes = DigestBytes + 3;

    /// <summary>Writes all that stands before the body.</summary>
    public static void WriteHead(PooledBuffer buffer, byte[] digest, AnswerKind kind, string model)
    {
        var name = Encoding.UTF8.GetBytes(model);
        var head = buffer.Free(FixedBytes + name.Length).Span;
        digest.CopyTo(head);
        head[DigestBytes] = (byte)kind;
        BinaryPrimitives.WriteUInt16LittleEndian(head[(DigestBytes + 1)..], (ushort)name.Length);
        name.CopyTo(head[FixedBytes..]);
        buffer.Advance(FixedBytes + name.Length);
    }

    /// <summary>Null when the bytes are none.</summary>
    public static StoredAnswer? Read(Guid requestId, byte[] plain)
    {
        if (plain.Length < FixedBytes)
        {
            return null;
        }

        var body = FixedBytes + BinaryPrimitives.ReadUInt16LittleEndian(plain.AsSpan(DigestBytes + 1));
        return body > plain.Length
            ? null
            : new StoredAnswer(
                requestId, plain[..DigestBytes], (AnswerKind)plain[DigestBytes],
                Encoding.UTF8.GetString(plain, FixedBytes, body - FixedBytes), plain.AsMemory(body));
    }
}
