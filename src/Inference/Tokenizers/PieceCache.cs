using System.Collections.Concurrent;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Appends the ids of a piece.</summary>
internal delegate void PieceEncoder(ReadOnlySpan<char> piece, List<int> ids);

/// <summary>The tokens of pieces that texts have often. Bounded; thread-safe.</summary>
internal sealed class PieceCache
{
    private const int LongestPiece = 48;
    private const int MostPieces = 65_536;

    private readonly ConcurrentDictionary<string, int[]> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private int _count;

    public PieceCache() => _lookup = _known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Appends the tokens of a piece.</summary>
    /// <param name="encode">Makes them where they are not known.</param>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids, PieceEncoder encode)
    {
        if (piece.Length > LongestPiece)
        {
            encode(piece, ids);
            return;
        }

        if (_lookup.TryGetValue(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }

        var first = ids.Count;
        encode(piece, ids);
        if (Volatile.Read(ref _count) < MostPieces && _lookup.TryAdd(piece, [.. ids[first..]]))
        {
            Interlocked.Increment(ref _count);
        }
    }
}
