using System.Runtime.ExceptionServices;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Grammars;

/// <summary>
/// Holds one generation to a grammar. One thread at a time calls it; a mask that is not held is made on a pool thread.
/// When the tokens that are left come near the length of the shortest end, only tokens are allowed behind which that end still fits: a byte
/// of it is one token at most. So a generation with room for the shortest text ends with a whole one. A text that is nested deep may only
/// come nearer to its end for the same reason: parsers of JSON read 64 levels.
/// </summary>
internal sealed class GrammarConstraint : ITokenConstraint, IThreadPoolWorkItem
{
    private const int DeepLevels = 48;

    private readonly TokenVocabulary _vocabulary;
    private readonly MaskCache _masks;
    private readonly Stepper _stepper;
    private readonly Action _wake;
    private readonly bool _wrapsUp;
    private readonly int _reserve;
    private Configuration _at;
    private Configuration? _alike;
    private int _left;
    private bool _ended;
    private volatile TokenMask? _mask;
    private volatile ExceptionDispatchInfo? _failure;

    /// <summary>Makes the first mask before it returns.</summary>
    /// <param name="left">
    /// Tokens that may be generated. If the shortest text does not fit, the generation is only held to beginnings of texts.
    /// </param>
    /// <param name="wake">Called on a pool thread when a mask that was not ready is.</param>
    /// <exception cref="GrammarException">The grammar is too ambiguous.</exception>
    public GrammarConstraint(CompiledGrammar grammar, TokenVocabulary vocabulary, int left, Action wake)
        : this(grammar, vocabulary, [], left, wake)
    {
        if (!TryFind())
        {
            _mask = Make();
        }
    }

    private GrammarConstraint(CompiledGrammar grammar, TokenVocabulary vocabulary, ReadOnlySpan<byte> begun, int left, Action wake)
    {
        _vocabulary = vocabulary;
        _masks = grammar.MasksFor(vocabulary);
        _stepper = new Stepper(grammar);
        _wake = wake;
        _at = _stepper.After(_stepper.Begin(), begun);
        _left = left;

        // One token is kept for the end token, where there is one to keep.
        _wrapsUp = _at.ToEnd <= left;
        _reserve = _at.ToEnd < left ? 1 : 0;
    }

    /// <summary>Goes on behind a text that is written already; the first mask may not be ready.</summary>
    /// <param name="begun">The beginning of a text of the grammar.</param>
    /// <exception cref="GrammarException">The grammar is too ambiguous.</exception>
    /// <exception cref="InvalidOperationException">No text begins so.</exception>
    public static GrammarConstraint Continue(
        CompiledGrammar grammar, TokenVocabulary vocabulary, ReadOnlySpan<byte> begun, int left, Action wake)
    {
        var constraint = new GrammarConstraint(grammar, vocabulary, begun, left, wake);
        if (constraint._at.IsDead)
        {
            throw new InvalidOperationException("No text of the grammar begins so.");
        }

        constraint.FindOrMake();
        return constraint;
    }

    /// <inheritdoc/>
    public bool IsReady => _mask is not null || _failure is not null;

    /// <inheritdoc/>
    public bool IsComplete => _ended || _at.IsComplete;

    /// <inheritdoc/>
    /// <exception cref="GrammarException">The grammar is too ambiguous, or the model has no token that it requires.</exception>
    public void Restrict(Span<float> logits)
    {
        _failure?.Throw();
        var mask = _mask ?? throw new InvalidOperationException("The next mask is not ready.");
        var canEnd = _at.CanEnd || _ended;
        if (!mask.HasAny && !canEnd)
        {
            throw new GrammarException("The model has no token that goes on with what the grammar requires.");
        }

        var ends = _vocabulary.Ends;
        Span<float> ofEnds = stackalloc float[ends.Length];
        for (var i = 0; i < ends.Length; i++)
        {
            ofEnds[i] = canEnd && ends[i] < logits.Length ? logits[ends[i]] : float.NegativeInfinity;
        }

        mask.Apply(logits);
        for (var i = 0; i < ends.Length; i++)
        {
            if (ends[i] < logits.Length)
            {
                logits[ends[i]] = ofEnds[i];
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="GrammarException">The grammar is too ambiguous.</exception>
    /// <exception cref="InvalidOperationException">The token may not follow, or the mask before it is not ready.</exception>
    public void Accept(int token, int left)
    {
        _failure?.Throw();
        if (_mask is null)
        {
            throw new InvalidOperationException("The next mask is not ready.");
        }

        if (_vocabulary.IsEnd(token))
        {
            _ended = _at.CanEnd ? true : throw NotAllowed(token);
            _mask = TokenMask.None;
            return;
        }

        var bytes = _vocabulary.BytesOf(token);
        var next = bytes.IsEmpty || _ended ? null : _stepper.After(_at, bytes);
        if (next is null or { IsDead: true })
        {
            throw NotAllowed(token);
        }

        _at = next;
        _left = left;
        _mask = null;
        FindOrMake();
    }

    /// <summary>The most by which the next token may make the way to the end longer, in bytes.</summary>
    private long Slack => _at.Levels > DeepLevels ? 0 : MaskCache.NoSlack;

    /// <summary>Makes the mask that was not held. Called by the pool.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _mask = Make();
        }
#pragma warning disable CA1031 // The pool must not see it; the generation that it ends does.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }

        _wake();
    }

    /// <summary>Takes a mask that is held, or has the pool make it.</summary>
    private void FindOrMake()
    {
        if (!TryFind())
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Takes a mask that is held, if it keeps the shortest end within what is left.</summary>
    private bool TryFind()
    {
        if (_at.Stacks.Length == 0 || _left <= 0)
        {
            _mask = TokenMask.None;
            return true;
        }

        _alike = _masks.Alike(_at);
        if (!_masks.TryGet(_alike, Slack, out var mask) || !Fits(mask))
        {
            return false;
        }

        _mask = mask;
        return true;
    }

    private TokenMask Make()
    {
        var mask = _masks.Get(_alike!, Slack);
        if (Fits(mask))
        {
            return mask;
        }

        var within = _masks.Get(_alike!, Math.Min(Slack, _left - 1 - _reserve - _at.ToEnd));
        return within.HasAny || _at.CanEnd ? within : mask;
    }

    private bool Fits(TokenMask mask) => !_wrapsUp || _at.ToEnd + mask.Growth + _reserve <= _left - 1;

    private static InvalidOperationException NotAllowed(int token) => new($"Token {token} may not follow.");
}
