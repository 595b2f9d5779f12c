using System.Runtime.InteropServices;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Guesses how a choice goes on: as its prompt or its answer did after the same few tokens before. Knows how much of its guesses came
/// true, whether they were used or not.
/// </summary>
internal sealed class TokenGuess
{
    /// <summary>Tokens that must have stood together before.</summary>
    private const int Run = 3;

    /// <summary>Bits of a token in a key of a run: more tokens than any vocabulary has.</summary>
    private const int TokenBits = 21;

    private const int Shortest = 2;
    private const double NewestWeight = 0.25;
    private readonly int _most;
    private readonly List<int> _tokens;
    private readonly Dictionary<long, int> _after = [];
    private readonly List<int> _guess = [];
    private int _true;
    private int _length;
    private bool _stopped;

    /// <param name="prompt">Token ids.</param>
    /// <param name="most">Tokens of a guess at most.</param>
    public TokenGuess(IReadOnlyList<int> prompt, int most)
    {
        (_most, _length) = (most, Math.Min(most, 2 * Shortest));
        _tokens = new List<int>(prompt.Count + 64);
        foreach (var token in prompt)
        {
            Add(token);
        }
    }

    /// <summary>Part of the guessed tokens that came true, newest guesses most; one half before the first.</summary>
    public double Rate { get; private set; } = 0.5;

    /// <summary>What is guessed to follow the newest token; empty for no guess.</summary>
    public ReadOnlySpan<int> Rest => CollectionsMarshal.AsSpan(_guess)[_true..];

    /// <summary>Takes the next token of the answer.</summary>
    public void Note(int token)
    {
        if (_stopped)
        {
            return;
        }

        Add(token);
        if (_guess.Count > 0)
        {
            if (_guess[_true] == token && ++_true < _guess.Count)
            {
                return;
            }

            Judge();
        }

        Guess();
    }

    /// <summary>Guesses nothing from now on.</summary>
    public void Stop()
    {
        _stopped = true;
        _guess.Clear();
        _true = 0;
    }

    private void Add(int token)
    {
        if (_tokens.Count >= Run)
        {
            _after[KeyOfEnd()] = _tokens.Count;
        }

        _tokens.Add(token);
    }

    /// <summary>A guess has come true or failed. The next one is longer or as long as what came true and one more.</summary>
    private void Judge()
    {
        Rate += NewestWeight * (((double)_true / _guess.Count) - Rate);
        _length = Math.Min(_most, _true == _guess.Count ? 2 * _guess.Count : Math.Max(Shortest, _true + 1));
        _guess.Clear();
        _true = 0;
    }

    private void Guess()
    {
        if (_tokens.Count < Run || !_after.TryGetValue(KeyOfEnd(), out var at))
        {
            return;
        }

        for (var i = 0; i < _length; i++)
        {
            _guess.Add(at + i < _tokens.Count ? _tokens[at + i] : _guess[at + i - _tokens.Count]); // What repeats itself goes on to.
        }
    }

    /// <summary>Key of the last tokens.</summary>
    private long KeyOfEnd()
    {
        var key = 0L;
        for (var i = _tokens.Count - Run; i < _tokens.Count; i++)
        {
            key = (key << TokenBits) | (uint)_tokens[i];
        }

        return key;
    }
}
