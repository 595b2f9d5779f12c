using System.Numerics.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>Each family computes what llama.cpp and a plain forward pass compute.</summary>
[Collection(nameof(TinyFamilyModels))]
public sealed class DecoderFamilyTests(TinyFamilyModels models)
{
    /// <summary>llama.cpp takes GELU from a table of half precision; all else is float32 there.</summary>
    private const float GeluTolerance = 0.01f;

    private const float Tolerance = 1e-4f;

    /// <summary>All that keep the numbers of their files.</summary>
    public static TheoryData<string> Names => [.. TinyFamilies.All.Concat(TinyFamilies.Quantized).Select(family => family.Name)];

    public static TheoryData<string> NamesWithOracle =>
        [.. TinyFamilies.All.Where(family => family.HasOracle).Select(family => family.Name)];

    [Theory]
    [MemberData(nameof(NamesWithOracle))]
    public async Task The_logits_of_an_answer_and_its_tokens_are_those_of_llama_cpp(string name)
    {
        var answer = await models.LlamaCppAsync(name);
        var usesGelu = name.StartsWith("gemma", StringComparison.Ordinal) || name == "gpt2";
        var tolerance = usesGelu ? GeluTolerance : Tolerance;
        using var run = models.Run(name, capacity: 256);

        var logits = run.Append([.. TinyFamilyModels.Prompt]);
        var decided = 0;
        for (var step = 0; step < TinyFamilyModels.Steps; step++)
        {
            var expected = answer.Logits[step];
            var worst = expected.Zip(logits).Max(pair => MathF.Abs(pair.First - pair.Second));
            Assert.True(worst <= tolerance, $"A logit of step {step} is {worst} away.");
            var second = expected.Where((_, id) => id != answer.Ids[step]).Max();
            if (expected[answer.Ids[step]] - second > 2 * tolerance)
            {
                decided++;
                Assert.Equal(answer.Ids[step], TensorPrimitives.IndexOfMax<float>(logits));
            }

            logits = run.Append([answer.Ids[step]]);
        }

        Assert.InRange(decided, TinyFamilyModels.Steps * 3 / 4, TinyFamilyModels.Steps);
    }

    [Fact]
    public void The_plain_forward_pass_gives_numbers_where_scores_of_attention_are_large()
    {
        using var folder = new TemporaryFolder();
        var family = TinyFamilies.All[0] with { Keys = [("attention.scale", 200f)] }; // beyond 88 an exponential is infinite
        family.Write(folder.File("large.gguf"));
        using var file = GgufFile.Open(folder.File("large.gguf"));

        var logits = DecoderReference.Logits(new DecoderWeights(file), [.. TinyFamilyModels.Prompt]);

        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_graph_gives_the_logits_of_the_plain_forward_pass_beyond_every_window(string name)
    {
        using var file = GgufFile.Open(models.PathOf(TinyFamilies.Everything.Single(family => family.Name == name)));
        var weights = new DecoderWeights(file);
        using var run = models.Run(name, capacity: 64);

        foreach (var length in (int[])[17, 33, 40])
        {
            var expected = DecoderReference.Logits(weights, [.. TinyFamilyModels.Prompt.Take(length)]);
            var actual = run.Append([.. TinyFamilyModels.Prompt.Take(length).Skip(run.Length)]);

            Assert.True(expected.Zip(actual).Max(pair => MathF.Abs(pair.First - pair.Second)) <= Tolerance);
        }
    }
}
