using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

public sealed class MaskTests
{
    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void Restrict_allows_the_tokens_that_keep_the_text_a_beginning_of_the_language(string name)
    {
        var grammar = Samples.All[name];
        var compiled = Samples.Compile(grammar);
        var vocabulary = Samples.Vocabulary(seed: 3, size: 700);
        for (var seed = 0; seed < 6; seed++)
        {
            var walk = new Walk(compiled, vocabulary, tokens: 100_000, seed);
            for (var step = 0; step < 14 && !walk.IsWhole; step++)
            {
                var allowed = walk.Allowed();
                for (var token = 0; token < allowed.Length; token++)
                {
                    byte[] text = [.. walk.Text, .. vocabulary.BytesOf(token)];
                    var (whole, beginning) = NaiveReader.Read(grammar, text);
                    Assert.True(
                        allowed[token] == (token == Samples.End ? whole : beginning),
                        $"{name}: token {token} after {Convert.ToHexString([.. walk.Text])} is {(allowed[token] ? "" : "not ")}allowed");
                }

                walk.Take(allowed);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void Masks_over_four_thousand_tokens_agree_with_reading_each_token(string name)
    {
        var compiled = Samples.Compile(Samples.All[name]);
        var vocabulary = Samples.Vocabulary(seed: 4, size: 4_096);
        for (var seed = 0; seed < 4; seed++)
        {
            var walk = new Walk(compiled, vocabulary, tokens: 100_000, seed);
            for (var step = 0; step < 60 && !walk.IsWhole; step++)
            {
                var allowed = walk.Allowed();
                var stepper = new Stepper(compiled);
                var at = stepper.After(stepper.Begin(), [.. walk.Text]);
                for (var token = 0; token < allowed.Length; token++)
                {
                    var expected = token == Samples.End ? at.CanEnd : !stepper.After(at, vocabulary.BytesOf(token)).IsDead;
                    Assert.True(allowed[token] == expected, $"{name}: token {token} after {Convert.ToHexString([.. walk.Text])}");
                }

                walk.Take(allowed);
            }
        }
    }

    [Fact]
    public void Counts_near_and_far_from_their_bounds_are_held_exactly()
    {
        var grammar = new Grammar([new GrammarNode.Repeat(Samples.Pattern("[a-d]"), 300, 600)]);
        var compiled = Samples.Compile(grammar);
        var vocabulary = new TokenVocabulary(
            [.. Enumerable.Range(0, 300).Select(token => Samples.Vocabulary(seed: 5, size: 300).BytesOf(token).ToArray()),
                .. Enumerable.Range(1, 40).Select(n => Enumerable.Repeat((byte)'a', n).ToArray())],
            [Samples.End]);
        var walk = new Walk(compiled, vocabulary, tokens: 100_000, seed: 1);
        while (!walk.IsWhole && walk.Text.Count < 600)
        {
            var allowed = walk.Allowed();

            Assert.Equal(walk.Text.Count >= 300, allowed[Samples.End]);
            for (var n = 1; n <= 40; n++)
            {
                Assert.Equal(walk.Text.Count + n <= 600, allowed[300 + n - 1]);
            }

            allowed[Samples.End] = false;
            walk.Take(allowed);
        }

        Assert.Equal(600, walk.Text.Count);
        Assert.True(walk.IsWhole);
    }
}
