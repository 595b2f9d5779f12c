using System.Buffers;
using System.Text;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Turns the tokens of one choice into text that may go out: only complete code points, and nothing that could still become a stop text.
/// Knows how many tokens have gone out in full, and in part. One thread at a time.
/// </summary>
/// <param name="stops">Stop texts as UTF-8, none empty.</param>
/// <param name="includeStop">Whether the stop text itself goes out.</param>
internal sealed class AnswerText(IReadOnlyList<byte[]> stops, bool includeStop = false)
{
    private readonly Queue<long> _starts = new();
    private readonly Queue<long> _ends = new();
    private byte[] _held = new byte[64];
    private int _heldLength;
    private int _stopless;
    private long _gone;
    private bool _tail;

    /// <summary>Tokens whose text has gone out whole.</summary>
    public int DeliveredTokens { get; private set; }

    /// <summary>Tokens of whose text a part has gone out, and at the end of the answer those without a text. Tokens behind a stop text
    /// are never among them.</summary>
    public int ShownTokens { get; private set; }

    /// <summary>A stop text has appeared; it, unless it is wanted, and what came after it never go out.</summary>
    public bool Stopped => StoppedBy is not null;

    /// <summary>The stop text that has appeared first; null while none has.</summary>
    public string? StoppedBy { get; private set; }

    /// <summary>Adds a token's bytes.</summary>
    /// <param name="mayStop">Whether a stop text may begin in the token.</param>
    public void Append(ReadOnlySpan<byte> token, bool mayStop = true)
    {
        _starts.Enqueue(_gone + _heldLength);
        var needed = _heldLength + token.Length;
        if (needed > _held.Length)
        {
            Array.Resize(ref _held, Math.Max(needed, _held.Length * 2));
        }

        token.CopyTo(_held.AsSpan(_heldLength));
        _heldLength = needed;
        _ends.Enqueue(_gone + _heldLength);
        _stopless = mayStop ? _stopless : _heldLength;
        var (first, end) = (-1, -1);
        foreach (var stop in stops)
        {
            var at = _held.AsSpan(_stopless, _heldLength - _stopless).IndexOf(stop);
            if (at >= 0 && (first < 0 || at < first))
            {
                (first, end) = (at, at + stop.Length);
                StoppedBy = Encoding.UTF8.GetString(stop);
            }
        }

        if (first >= 0)
        {
            _heldLength = _stopless + (includeStop ? end : first);
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
        ShownTokens += Stopped ? 0 : _starts.Count;
        _starts.Clear();
        return text;
    }

    private string Take(int length)
    {
        var text = length == 0 ? "" : Encoding.UTF8.GetString(_held, 0, length);
        _gone += length;
        _heldLength -= length;
        _stopless = Math.Max(0, _stopless - length);
        _held.AsSpan(length, _heldLength).CopyTo(_held);
        while (_starts.TryPeek(out var start) && start < _gone)
        {
            _starts.Dequeue();
            ShownTokens++;
        }

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
            for (var length = Math.Min(stop.Length - 1, _heldLength - _stopless); length > longest; length--)
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
