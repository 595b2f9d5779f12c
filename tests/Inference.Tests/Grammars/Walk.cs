using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

/// <summary>One generation that takes random tokens among those that may follow.</summary>
internal sealed class Walk
{
    private readonly TokenVocabulary _vocabulary;
    private readonly object _ready = new();
    private readonly Random _random;
    private readonly float[] _logits;

    public Walk(CompiledGrammar grammar, TokenVocabulary vocabulary, int tokens, int seed)
    {
        _vocabulary = vocabulary;
        _random = new Random(seed);
        _logits = new float[vocabulary.Size];
        Left = tokens;
        Constraint = new GrammarConstraint(grammar, vocabulary, tokens, Wake);
    }

    public GrammarConstraint Constraint { get; }

    public List<byte> Text { get; } = [];

    public int Left { get; private set; }

    /// <summary>Whether the end token was taken or nothing may follow.</summary>
    public bool IsWhole => Constraint.IsComplete;

    /// <summary>Of each token, whether it may follow.</summary>
    public bool[] Allowed()
    {
        WaitUntilReady();
        Array.Clear(_logits);
        Constraint.Restrict(_logits);
        return [.. _logits.Select(logit => !float.IsNegativeInfinity(logit))];
    }

    /// <summary>Takes one of the allowed tokens.</summary>
    public void Take(bool[] allowed)
    {
        var choices = Enumerable.Range(0, allowed.Length).Where(token => allowed[token]).ToArray();
        Assert.NotEmpty(choices);
        Take(choices[_random.Next(choices.Length)]);
    }

    /// <summary>Takes a token.</summary>
    public void Take(int token)
    {
        WaitUntilReady();
        Left--;
        Constraint.Accept(token, Left);
        Text.AddRange(_vocabulary.BytesOf(token));
    }

    private void WaitUntilReady()
    {
        lock (_ready)
        {
            while (!Constraint.IsReady)
            {
                Assert.True(Monitor.Wait(_ready, TimeSpan.FromMinutes(1)));
            }
        }
    }

    private void Wake()
    {
        lock (_ready)
        {
            Monitor.PulseAll(_ready);
        }
    }
}
