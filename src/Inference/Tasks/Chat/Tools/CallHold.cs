using System.Runtime.ExceptionServices;
using System.Text;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Tasks.Chat.Tools;

/// <summary>What calls are held to.</summary>
/// <param name="Grammar">Of an answer's text from where a call begins, or may be beginning.</param>
internal sealed record CallGuide(CompiledGrammar Grammar, TokenVocabulary Vocabulary);

/// <summary>The text that a token adds to an answer, as UTF-8.</summary>
internal delegate ReadOnlySpan<byte> TokenText(int token);

/// <summary>
/// Leaves an answer free until a call begins in it, and holds it to whole calls from there to its end. While the end of the text may be the
/// beginning of a call, tokens are impossible that complete the beginning and go on as no call does; all others stay as they are. Without
/// parallel calls the answer ends after the first one.
/// </summary>
internal sealed class CallHold : ITokenConstraint
{
    private readonly CallScanner _scanner;
    private readonly TokenText _textOf;
    private readonly bool _alwaysLooks;
    private readonly Task<CallGuide> _guide;
    private readonly Action _wake;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _text = new();
    private readonly char[] _characters = new char[64];
    private CallGuide? _known;
    private bool _isCalling;
    private volatile bool _waits;
    private volatile GrammarConstraint? _held;
    private volatile ExceptionDispatchInfo? _failure;

    /// <param name="alwaysLooks">Whether any token may be the beginning of a call and more of it, so that all of them are looked
    /// at.</param>
    /// <param name="guide">May come later: an answer waits for it only where a call begins.</param>
    /// <param name="left">Tokens that may be generated.</param>
    /// <param name="wake">Called on a pool thread when the constraint gets ready.</param>
    public CallHold(CallScanner scanner, TokenText textOf, bool alwaysLooks, Task<CallGuide> guide, int left, Action wake)
    {
        (_scanner, _textOf, _alwaysLooks, _guide, _wake) = (scanner, textOf, alwaysLooks, guide, wake);
        Look(left);
    }

    /// <inheritdoc/>
    public bool IsReady => _failure is not null || (!_waits && (_held?.IsReady ?? true));

    /// <inheritdoc/>
    public bool DecidesEnd => _isCalling;

    /// <inheritdoc/>
    public bool IsComplete => _isCalling ? _held is { IsComplete: true } : _scanner.IsDone;

    /// <inheritdoc/>
    public void Restrict(Span<float> logits)
    {
        _failure?.Throw();
        if (_held is not { } held)
        {
            return;
        }

        if (_isCalling)
        {
            held.Restrict(logits);
            return;
        }

        // Tokens without a text are no part of any grammar, and nothing that a call could forbid.
        var silent = _known!.Vocabulary.Silent;
        Span<float> kept = silent.Length <= 1024 ? stackalloc float[silent.Length] : new float[silent.Length];
        for (var i = 0; i < kept.Length; i++)
        {
            kept[i] = silent[i] < logits.Length ? logits[silent[i]] : 0;
        }

        held.Restrict(logits);
        for (var i = 0; i < kept.Length; i++)
        {
            if (silent[i] < logits.Length)
            {
                logits[silent[i]] = kept[i];
            }
        }
    }

    /// <inheritdoc/>
    public void Accept(int token, int left)
    {
        _failure?.Throw();
        if (_isCalling)
        {
            _held!.Accept(token, left);
            return;
        }

        Read(_textOf(token));
        Look(left);
    }

    private void Read(ReadOnlySpan<byte> bytes)
    {
        _text.Clear();
        while (bytes.Length > 0)
        {
            var taken = Math.Min(bytes.Length, _characters.Length - 2);
            _text.Append(_characters, 0, _decoder.GetChars(bytes[..taken], _characters, flush: false));
            bytes = bytes[taken..];
        }

        _scanner.Read(_text.ToString());
    }

    /// <summary>Looks whether the text ends in the beginning of a call, and takes hold where it does.</summary>
    private void Look(int left)
    {
        var begun = _scanner.Beginning();
        _isCalling = _scanner.IsCalling;
        _held = null;
        if (begun.Length == 0 && !(_alwaysLooks && _scanner.MayCall))
        {
            return;
        }

        if (_known is { } guide)
        {
            Hold(guide, begun, left);
            return;
        }

        _waits = true;
        _ = HoldWhenKnownAsync(begun, left);
    }

    private async Task HoldWhenKnownAsync(string begun, int left)
    {
        try
        {
            _known = await _guide;
            Hold(_known, begun, left);
        }
#pragma warning disable CA1031 // No one awaits it; the generation that it ends sees it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }

        _waits = false;
        _wake();
    }

    // A mark stays possible also where the shortest call does not fit what is left: calls may be cut.
    private void Hold(CallGuide guide, string begun, int left) => _held = GrammarConstraint.Continue(
        guide.Grammar, guide.Vocabulary, Encoding.UTF8.GetBytes(begun), _isCalling ? left : int.MaxValue, _wake);
}
