using System.Buffers;
using System.Text;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Turns the tokens of one choice into text that may go out: only complete code points, and nothing that could still become a stop text.
/// Knows how many tokens have gone out in full. One thread at a time.
/// </summary>
/// <param name="stops">Stop texts as UTF-8, none empty.</param>
internal sealed class AnswerText(IReadOnlyList<byte[]> stops)
{
    private readonly Queue<long> _ends = new();
    private byte[] _held = new byte[64];
    private int _heldLength;
    private long _gone;
    private bool _tail;

    /// <summary>Tokens whose text has gone out whole.</summary>
    public int DeliveredTokens { get; private set; }

    /// <summary>A stop text has appeared; it and what came after it never go out.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Adds a token's bytes.</summary>
    public void Append(ReadOnlySpan<byte> token)
    {
        var needed = _heldLength + token.Length;
        if (needed > _held.Length)
        {
            Array.Resize(ref _held, Math.Max(needed, _held.Length * 2));
        }

        token.CopyTo(_held.AsSpan(_heldLength));
        _heldLength = needed;
        _ends.Enqueue(_gone + _heldLength);
        var first = -1;
        foreach (var stop in stops)
        {
            var at = _held.AsSpan(0, _heldLength).IndexOf(stop);
            first = at >= 0 && (first < 0 || at < first) ? at : first;
        }

        if (first >= 0)
        {
            Stopped = true;
            _heldLength = first;
        }
    }

    /// <summary>Takes what may go out now; empty when nothing may.</summary>
    public string Take() => Take(_heldLength - Math.Max(StopPrefix(), IncompleteCodePoint()));

    /// <summary>Takes everything that is left at the end of the answer. All tokens count as delivered from now on.</summary>
    public string TakeRest()
    {
        _tail = true;
        var text = Take(_heldLength);
        DeliveredTokens += _ends.Count;
        _ends.Clear();
        return text;
    }

    private string Take(int length)
    {
        var text = length == 0 ? "" : Encoding.UTF8.GetString(_held, 0, length);
        _gone += length;
        _heldLength -= length;
        _held.AsSpan(length, _heldLength).CopyTo(_held);
        while (!_tail && _ends.TryPeek(out var end) && end <= _gone)
        {
            _ends.Dequeue();
            DeliveredTokens++;
        }

        return text;
    }

    /// <summary>Length of the longest end of the held text that begins a stop text.</summary>
    private int StopPrefix()
    {
        var longest = 0;
        foreach (var stop in stops)
        {
            for (var length = Math.Min(stop.Length - 1, _heldLength); length > longest; length--)
            {
                if (_held.AsSpan(_heldLength - length, length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }

    /// <summary>Length of the code point at the end that lacks bytes; 0 when the text ends
    /// well, or ends in what can never become well.</summary>
    private int IncompleteCodePoint()
    {
        for (var length = 1; length <= Math.Min(3, _heldLength); length++)
        {
            var tail = _held.AsSpan(_heldLength - length, length);
            if ((tail[0] & 0xC0) != 0x80)
            {
                return Rune.DecodeFromUtf8(tail, out _, out _) == OperationStatus.NeedMoreData ? length : 0;
            }
        }

        return 0;
    }
}
