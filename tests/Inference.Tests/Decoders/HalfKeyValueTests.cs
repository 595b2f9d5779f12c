using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Generation;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>Keys and values in half precision: half the memory, the same bits alone and among others.</summary>
public sealed class HalfKeyValueTests
{
    private static readonly int[] Pasts = [5, 40, 17, 33, 1, 24];

    public static TheoryData<string> Names => [.. TinyFamilies.Everything.Select(family => family.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Rows_of_a_step_equal_steps_alone_chunks_the_whole_and_warm_answers_cold_ones(string name)
    {
        using var folder = new TemporaryFolder();
        var family = TinyFamilies.Everything.Single(one => one.Name == name);
        family.Write(folder.File("tiny.gguf"));
        var installed = await ModelImport.RunAsync(
            folder.File("tiny.gguf"), "tiny", folder.File("models"),
            new() { Precision = family.Precision, ParityBound = 1, KeyValues = KeyValueTypes.Float16 }, null, CancellationToken.None);
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
        await AssertReusedAsync(model);
        using var batch = new DecoderSteps(model.Session, model.Shape, Pasts.Length, 64, 48);
        using var alone = new DecoderSteps(model.Session, model.Shape, 1, 64, 48);
        for (var row = 0; row < Pasts.Length; row++)
        {
            batch.Extend(row, Prompt(row), past: 0);
        }

        batch.Decode([.. Enumerable.Range(7, Pasts.Length)], Pasts);
        var decoded = Enumerable.Range(0, Pasts.Length).Select(row => batch.Logits(row).ToArray()).ToList();
        batch.Verify(
            [.. Enumerable.Range(0, Pasts.Length).SelectMany(row => (int[])[20 + row, 30 + row])],
            [.. Pasts.Select(_ => 2)], [.. Pasts.Select(past => past + 1)]);

        for (var row = 0; row < Pasts.Length; row++)
        {
            var prompt = Prompt(row);
            if (prompt.Length > 3)
            {
                alone.Extend(0, prompt.AsSpan(0, 3), past: 0);
                alone.Extend(0, prompt.AsSpan(3), past: 3);
            }
            else
            {
                alone.Extend(0, prompt, past: 0);
            }

            alone.Decode([7 + row], [prompt.Length]);
            Assert.Equal(0, TensorPrimitives.Distance(decoded[row], alone.Logits(0)));
            alone.Decode([20 + row], [prompt.Length + 1]);
            Assert.Equal(0, TensorPrimitives.Distance(batch.Logits(2 * row), alone.Logits(0)));
            alone.Decode([30 + row], [prompt.Length + 2]);
            Assert.Equal(0, TensorPrimitives.Distance(batch.Logits((2 * row) + 1), alone.Logits(0)));
        }

        Assert.Equal(TensorElementType.Float16, CacheType.Of(model.Session));
        Assert.Equal(model.Shape.Layers * 2L * model.Shape.KeyValueHeads * model.Shape.HeadWidth * 2, batch.BytesPerToken);
        Assert.Equal(KeyValueTypes.Float16, ModelDecoder.Of(installed.Manifest)!.KeyValues);
    }

    [SharedFact("models/smollm2-135m-instruct")]
    public async Task SmolLM2_chooses_the_tokens_of_float32_where_they_are_decisive()
    {
        using var folder = new TemporaryFolder();
        using var exact = await ImportAsync(folder, KeyValueTypes.Float32);
        using var half = await ImportAsync(folder, KeyValueTypes.Float16);
        int[] prompt = [.. Enumerable.Range(100, 40)];
        using var expected = new DecoderSteps(exact.Session, exact.Shape, 1, 128, 64);
        using var actual = new DecoderSteps(half.Session, half.Shape, 1, 128, 64);
        expected.Extend(0, prompt, past: 0);
        actual.Extend(0, prompt, past: 0);

        var decisive = 0;
        for (var past = prompt.Length; past < prompt.Length + 24; past++)
        {
            var chosen = TensorPrimitives.IndexOfMax(expected.Logits(0));
            var margin = expected.Logits(0)[chosen] - expected.Logits(0).ToArray().Where((_, id) => id != chosen).Max();
            if (margin >= 0.2f)
            {
                decisive++;
                Assert.Equal(chosen, TensorPrimitives.IndexOfMax(actual.Logits(0)));
            }

            expected.Decode([chosen], [past]);
            actual.Decode([chosen], [past]);
        }

        Assert.InRange(decisive, 12, 24);
        Assert.Equal(46_080, expected.BytesPerToken); // 30 layers × key and value × 3 heads × 64 × 4 bytes
        Assert.Equal(23_040, actual.BytesPerToken);
        Assert.Contains(half.Manifest.Notes!, note => note.Contains("23040 bytes a token", StringComparison.Ordinal));
    }

    private static async Task<DecoderModel> ImportAsync(TemporaryFolder folder, string keyValues)
    {
        var installed = await ModelImport.RunAsync(
            ModelFiles.SharedModel("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), "smol-" + keyValues,
            folder.File("models"), new() { KeyValues = keyValues }, null, CancellationToken.None);
        return await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
    }

    /// <summary>An answer behind a reused prefix has the bits of one whose prompt was read from its beginning.</summary>
    private static async Task AssertReusedAsync(DecoderModel model)
    {
        await using var scheduler = TinyDecoder.Start(model);
        var organization = Guid.NewGuid();
        var answers = new List<string>();
        foreach (var cached in (int[])[0, 64, 64])
        {
            var request = PrefixRuns.Ask([[.. Enumerable.Range(50, 80)]], organization);
            answers.Add(await PrefixRuns.RunAsync(scheduler, request));
            Assert.Equal(new Units(80 - cached, cached, 6), request.Units);
        }

        Assert.Single(answers.Distinct());
    }

    private static int[] Prompt(int row) => [.. Enumerable.Range(row * 3, Pasts[row])];
}
