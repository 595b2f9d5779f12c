using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

public sealed class GrammarConstraintTests
{
    private static readonly TokenVocabulary Vocabulary = Samples.Vocabulary(seed: 9, size: 500);

    [Fact]
    public void The_first_mask_is_ready_at_once()
    {
        var constraint = new GrammarConstraint(Samples.Compile(Samples.All["any json"]), Vocabulary, left: 100, () => { });

        Assert.True(constraint.IsReady);
        Assert.False(constraint.IsComplete);
    }

    [Fact]
    public void A_mask_that_was_not_ready_wakes_the_scheduler()
    {
        using var woken = new AutoResetEvent(initialState: false);
        var constraint = new GrammarConstraint(Samples.Compile(Samples.All["flat object"]), Vocabulary, left: 100, () => woken.Set());

        constraint.Accept('{', left: 99);

        Assert.True(woken.WaitOne(TimeSpan.FromMinutes(1)));
        Assert.True(constraint.IsReady);
    }

    [Fact]
    public void Masks_are_shared_by_generations_and_then_ready_at_once()
    {
        var compiled = Samples.Compile(Samples.All["flat object"]);
        var walk = new Walk(compiled, Vocabulary, tokens: 1_000, seed: 1);
        for (var i = 0; i < 8; i++)
        {
            Assert.True(walk.Allowed()["{\"name\":"[i]]);
            walk.Take("{\"name\":"[i]);
        }

        var second = new GrammarConstraint(compiled, Vocabulary, left: 1_000, () => { });
        second.Accept('{', left: 999);

        Assert.True(second.IsReady);
    }

    [Fact]
    public void The_text_is_complete_where_nothing_may_follow()
    {
        var walk = new Walk(Samples.Compile(new Grammar([Samples.Text("ab")])), Vocabulary, tokens: 10, seed: 1);

        walk.Take('a');
        Assert.False(walk.IsWhole);
        walk.Take('b');

        Assert.True(walk.IsWhole);
        Assert.True(walk.Constraint.IsReady);
    }

    [Fact]
    public void The_end_token_completes_a_text_that_may_go_on_and_is_refused_in_one_that_may_not_end()
    {
        var walk = new Walk(Samples.Compile(new Grammar([Samples.Pattern("a+")])), Vocabulary, tokens: 10, seed: 1);

        Assert.Throws<InvalidOperationException>(() => walk.Constraint.Accept(Samples.End, left: 9));
        walk.Take('a');
        Assert.False(walk.IsWhole);
        walk.Take(Samples.End);

        Assert.True(walk.IsWhole);
    }

    [Fact]
    public void A_token_that_may_not_follow_is_refused()
    {
        var constraint = new GrammarConstraint(Samples.Compile(Samples.All["palindromes"]), Vocabulary, left: 10, () => { });

        Assert.Throws<InvalidOperationException>(() => constraint.Accept('x', left: 9));
    }

    [Fact]
    public void A_grammar_that_the_vocabulary_cannot_write_is_refused_by_name()
    {
        var letters = new TokenVocabulary([[(byte)'a'], [(byte)'b'], []], [2]);
        using var woken = new AutoResetEvent(initialState: false);
        var constraint = new GrammarConstraint(Samples.Compile(new Grammar([Samples.Text("ac")])), letters, left: 10, () => woken.Set());

        constraint.Accept(0, left: 9);
        Assert.True(woken.WaitOne(TimeSpan.FromMinutes(1)));

        var exception = Assert.Throws<GrammarException>(() => constraint.Restrict(new float[3]));
        Assert.Contains("no token", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logits_beyond_the_vocabulary_become_impossible_and_allowed_ones_keep_their_value()
    {
        var constraint = new GrammarConstraint(Samples.Compile(Samples.All["palindromes"]), Vocabulary, left: 10, () => { });
        var logits = Enumerable.Range(0, 777).Select(i => (float)i).ToArray();

        constraint.Restrict(logits);

        Assert.Equal('a', logits['a']);
        Assert.True(float.IsNegativeInfinity(logits['x']));
        Assert.True(float.IsNegativeInfinity(logits[Samples.End]));
        Assert.All(logits[500..], logit => Assert.True(float.IsNegativeInfinity(logit)));
    }

    [Fact]
    public void A_cache_of_masks_is_bounded_and_keeps_what_was_used_last()
    {
        var cache = new BoundedCache<int, string>(bytes: 100);
        for (var key = 0; key < 50; key++)
        {
            cache.Add(key, $"{key}", size: 30);
            Assert.True(cache.TryGet(0, out _));
            Assert.InRange(cache.Held, 0, 100);
        }

        Assert.True(cache.TryGet(49, out var last));
        Assert.Equal("49", last);
        Assert.False(cache.TryGet(40, out _));
    }
}
