using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tollgate.Inference.Grammars;

/// <summary>Which tokens may follow, a bit for each. Immutable.</summary>
internal sealed class TokenMask
{
    /// <summary>No token may follow.</summary>
    public static readonly TokenMask None = new([], 0);

    private static readonly Vector256<int> Lanes = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
    private readonly ulong[] _bits;

    /// <param name="bits">Bit i of word w is token 64 w + i; missing words are zeros.</param>
    /// <param name="growth">
    /// The most by which an allowed token makes the shortest way to a whole text longer, in bytes. Negative where every token shortens it.
    /// </param>
    public TokenMask(ulong[] bits, long growth)
    {
        _bits = bits;
        Growth = growth;
        HasAny = bits.AsSpan().ContainsAnyExcept(0ul);
    }

    public long Growth { get; }

    /// <summary>Whether any token may follow.</summary>
    public bool HasAny { get; }

    public bool Allows(int token) => token >> 6 < _bits.Length && ((_bits[token >> 6] >> (token & 63)) & 1) != 0;

    /// <summary>Makes the logits of all other tokens negative infinity, those without a bit too.</summary>
    public void Apply(Span<float> logits)
    {
        ref var first = ref MemoryMarshal.GetReference(logits);
        var whole = Math.Min(_bits.Length, logits.Length / 64);
        var impossible = Vector256.Create(float.NegativeInfinity);
        for (var word = 0; word < whole; word++)
        {
            var bits = _bits[word];
            if (bits == ulong.MaxValue)
            {
                continue;
            }

            var at = (nuint)word * 64;
            for (var group = 0; group < 8; group++, bits >>= 8, at += 8)
            {
                var allowed = Vector256.Equals(Vector256.Create((int)(byte)bits) & Lanes, Lanes).AsSingle();
                Vector256.ConditionalSelect(allowed, Vector256.LoadUnsafe(ref first, at), impossible).StoreUnsafe(ref first, at);
            }
        }

        for (var token = whole * 64; token < logits.Length; token++)
        {
            logits[token] = Allows(token) ? logits[token] : float.NegativeInfinity;
        }
    }
}
