using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Grammars;

/// <summary>
/// The tokens of one model as a trie of their bytes, in depth-first order. Made once a model; immutable and thread-safe.
/// Control tokens are left out, unless their text is a part of a format that the model writes; they then read as that text.
/// </summary>
internal sealed class TokenVocabulary
{
    private readonly byte[][] _bytes;
    private readonly int[] _ends;
    private readonly int[] _silent;

    /// <param name="bytes">Of each token its bytes; empty for a token that is never allowed.</param>
    /// <param name="ends">Tokens that end the answer.</param>
    public TokenVocabulary(IReadOnlyList<byte[]> bytes, IReadOnlyCollection<int> ends)
    {
        _bytes = [.. bytes];
        _ends = [.. ends];
        _silent = [.. Enumerable.Range(0, _bytes.Length).Where(token => _bytes[token].Length == 0 && !IsEnd(token))];
        List<int> order = [];
        for (var token = 0; token < _bytes.Length; token++)
        {
            if (_bytes[token].Length > 0 && !IsEnd(token))
            {
                order.Add(token);
                LongestToken = Math.Max(LongestToken, _bytes[token].Length);
            }
        }

        order.Sort((one, other) => _bytes[one].AsSpan().SequenceCompareTo(_bytes[other]));
        Nodes = Build(order, out var tokens);
        Tokens = tokens;
    }

    /// <summary>Tokens are numbered from 0 to this, exclusive.</summary>
    public int Size => _bytes.Length;

    /// <summary>Words of 64 bits in a mask over the tokens.</summary>
    public int MaskWords => (Size + 63) / 64;

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken { get; }

    /// <summary>Tokens that end the answer.</summary>
    public ReadOnlySpan<int> Ends => _ends;

    /// <summary>Tokens without a text that do not end the answer.</summary>
    public ReadOnlySpan<int> Silent => _silent;

    /// <summary>The nodes of the trie, each before the nodes below it; node 0 is the root.</summary>
    internal Node[] Nodes { get; }

    /// <summary>The tokens in the order of their nodes.</summary>
    internal int[] Tokens { get; }

    /// <summary>The vocabulary of a tokenizer.</summary>
    /// <param name="ends">Tokens that end the answer.</param>
    /// <param name="written">Control tokens that a grammar may write, with their texts.</param>
    public static TokenVocabulary Of(ITokenizer tokenizer, IReadOnlyCollection<int> ends, IReadOnlyDictionary<int, byte[]> written)
    {
        var bytes = new byte[tokenizer.VocabularySize][];
        for (var token = 0; token < bytes.Length; token++)
        {
            bytes[token] = written.TryGetValue(token, out var text) ? text
                : tokenizer.IsSpecial(token) ? []
                : tokenizer.TokenBytes(token).ToArray();
        }

        return new TokenVocabulary(bytes, ends);
    }

    /// <summary>Whether a token ends the answer.</summary>
    public bool IsEnd(int token) => Array.IndexOf(_ends, token) >= 0;

    /// <summary>The bytes that a token adds to the text; empty where it adds none.</summary>
    public ReadOnlySpan<byte> BytesOf(int token) => _bytes[token];

    private Node[] Build(List<int> order, out int[] tokens)
    {
        List<Node> nodes = [new Node(0, 0, 0, 0)];
        var path = new int[LongestToken + 1];
        ReadOnlySpan<byte> previous = [];
        for (var i = 0; i < order.Count; i++)
        {
            ReadOnlySpan<byte> bytes = _bytes[order[i]];
            var shared = previous.CommonPrefixLength(bytes);
            if (i > 0 && shared == bytes.Length)
            {
                continue; // Another token of the same bytes: the node's range of tokens holds both.
            }

            Close(nodes, path, shared, previous.Length);
            for (var depth = shared + 1; depth <= bytes.Length; depth++)
            {
                path[depth] = nodes.Count;
                nodes.Add(new Node(bytes[depth - 1], depth, 0, i));
            }

            previous = bytes;
        }

        Close(nodes, path, 0, previous.Length);
        nodes[0] = nodes[0] with { End = nodes.Count };
        nodes.Add(new Node(0, 0, nodes.Count + 1, order.Count));
        tokens = [.. order];
        return [.. nodes];
    }

    /// <summary>Notes where the subtrees of the nodes end that the next token does not share.</summary>
    private static void Close(List<Node> nodes, int[] path, int shared, int deepest)
    {
        for (var depth = deepest; depth > shared; depth--)
        {
            nodes[path[depth]] = nodes[path[depth]] with { End = nodes.Count };
        }
    }

    /// <summary>A text with which tokens begin.</summary>
    /// <param name="Byte">Its last byte.</param>
    /// <param name="Depth">Its length.</param>
    /// <param name="End">The first node behind those below it.</param>
    /// <param name="FirstToken">
    /// Its own tokens lie in <see cref="Tokens"/> from here to the next node's, exclusive.
    /// </param>
    internal readonly record struct Node(byte Byte, int Depth, int End, int FirstToken);
}
