namespace Tollgate.Inference.Tests.Grammars;

public sealed class WrapUpTests
{
    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public void A_generation_with_room_for_the_shortest_text_ends_with_a_whole_one(string name)
    {
        var compiled = Samples.Compile(Samples.All[name]);
        var vocabulary = Samples.Vocabulary(seed: 6, size: 600);
        int[] more = [0, 1, 2, 3, 7, 20, 60];
        for (var seed = 0; seed < 12; seed++)
        {
            foreach (var extra in more)
            {
                var tokens = (int)compiled.FewestBytes + extra;
                if (tokens == 0)
                {
                    continue;
                }

                var walk = new Walk(compiled, vocabulary, tokens, seed);
                while (!walk.IsWhole && walk.Left > 0)
                {
                    walk.Take(walk.Allowed());
                }

                Assert.True(
                    Samples.Read(compiled, [.. walk.Text]).Whole,
                    $"{name}: {Convert.ToHexString([.. walk.Text])} is not whole after {tokens} tokens");
                Assert.True(walk.IsWhole || extra == 0, $"{name}: no end token within {tokens} tokens");
            }
        }
    }

    [Fact]
    public void A_generation_without_room_runs_until_its_tokens_are_spent()
    {
        var compiled = Samples.Compile(Samples.All["flat object"]);
        var walk = new Walk(compiled, Samples.Vocabulary(seed: 7, size: 500), tokens: 3, seed: 1);
        while (!walk.IsWhole && walk.Left > 0)
        {
            walk.Take(walk.Allowed());
        }

        Assert.Equal(0, walk.Left);
        Assert.Equal((false, true), Samples.Read(compiled, [.. walk.Text]));
    }

    [Fact]
    public void The_fewest_bytes_are_those_of_the_shortest_text()
    {
        Assert.Equal(1, Samples.Compile(Samples.All["any json"]).FewestBytes);
        Assert.Equal("{\"name\":\"\",\"age\":0,\"kind\":\"cat\"}".Length, Samples.Compile(Samples.All["flat object"]).FewestBytes);
        Assert.Equal("[\"aaa\"\"aaa\"]".Length, Samples.Compile(Samples.All["counted items"]).FewestBytes);
        Assert.Equal(700, Samples.Compile(Samples.All["far bounds"]).FewestBytes);
        Assert.Equal(1, Samples.Compile(Samples.All["counted items that may be empty"]).FewestBytes);
        Assert.Equal(0, Samples.Compile(Samples.All["balanced brackets"]).FewestBytes);
    }
}
