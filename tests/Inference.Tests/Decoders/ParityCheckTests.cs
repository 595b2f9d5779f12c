using Tollgate.Contracts.Workers;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>How far a converted decoder is from its source is measured, refused beyond a bound, and told.</summary>
[Collection(nameof(TinyFamilyModels))]
public sealed class ParityCheckTests(TinyFamilyModels models)
{
    private static readonly int[] Text = [.. Enumerable.Range(0, 80).Select(i => ((i * 67) + 5) % (TinyFamily.Vocabulary - 1))];

    [Fact]
    public void A_model_in_float32_is_its_source()
    {
        var family = TinyFamilies.All[0];
        using var file = GgufFile.Open(models.PathOf(family));

        var parity = ParityCheck.Run(new DecoderWeights(file), Text, capacity => models.Run(family.Name, capacity));

        Assert.Equal((Text.Length, Text.Length), (parity.Tokens, parity.Agreed));
        Assert.Null(parity.FirstDisagreement);
        Assert.False(parity.Repeats);
        Assert.Equal(0, parity.Divergence, 1e-6);
        Assert.Equal(parity.SourcePerplexity, parity.Perplexity, 1e-3 * parity.Perplexity);
        ParityCheck.Check(parity, bound: 0.001);
    }

    [Fact]
    public void A_repetition_that_the_source_would_leave_is_found()
    {
        const int Favourite = 7;
        using var file = GgufFile.Open(models.PathOf(TinyFamilies.All[0]));
        using var session = new SessionFactory(ExecutionProvider.Cpu).Open(AlwaysThinksOf(Favourite));

        var parity = ParityCheck.Run(
            new DecoderWeights(file), Text, capacity => new DecoderRun(session, layers: 0, keyValueHeads: 1, headWidth: 1, capacity));

        Assert.True(parity.Repeats);
        Assert.True(parity.Divergence > 0.1);
        Assert.True(parity.Agreed < Text.Length && parity.FirstDisagreement is not null && parity.WidestMargin > 0);
    }

    [Theory]
    [InlineData(0.2, 10, false, "divergence")]
    [InlineData(0.01, 14, false, "perplexity")]
    [InlineData(0.01, 10, true, "repetition")]
    [InlineData(double.NaN, 10, false, "divergence")]
    [InlineData(0.01, double.NaN, false, "perplexity")]
    public void Check_names_the_measure_that_refuses_a_model(double divergence, double perplexity, bool repeats, string measure)
    {
        var parity = new ModelParity
        {
            Tokens = 80, Perplexity = perplexity, SourcePerplexity = 10, Divergence = divergence, Agreed = 70, WidestMargin = 1,
            Repeats = repeats,
        };

        var refusal = Assert.Throws<ModelImportException>(() => ParityCheck.Check(parity, bound: 0.1));

        Assert.Contains(measure, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Other kernels, such as those for weights that are not packed, would find another divergence.</summary>
    [Fact]
    public async Task An_import_compares_the_source_with_the_session_that_serves()
    {
        using var folder = new TemporaryFolder();
        var sessions = new SessionFactory(ExecutionProvider.Cpu, threads: 16);
        new TinyFamily("llama", "llama") { Width = 128, Heads = 2, KeyValueHeads = 1, HeadWidth = 64 }.Write(folder.File("tiny.gguf"));
        var installed = await ModelImport.RunAsync(
            folder.File("tiny.gguf"), "tiny", folder.File("models"),
            new() { Sessions = sessions, Precision = ModelPrecisions.Int8, ParityBound = 1 }, progress: null, CancellationToken.None);
        using var served = await DecoderModel.LoadAsync(installed, sessions, TimeProvider.System, CancellationToken.None);
        using var file = GgufFile.Open(folder.File("tiny.gguf"));

        var parity = ParityCheck.Run(
            new DecoderWeights(file), ParityText.Read(served.Tokenizer, served.Shape.Vocabulary, served.ContextLength),
            capacity => new DecoderRun(
                served.Session, served.Shape.Layers, served.Shape.KeyValueHeads, served.Shape.HeadWidth, capacity));

        Assert.Equal(parity, installed.Manifest.Parity);
        Assert.True(parity.Divergence > 0);
    }

    [Fact]
    public async Task The_manifest_and_the_card_tell_precision_and_parity()
    {
        using var folder = new TemporaryFolder();
        TinyFamilies.All[0].Write(folder.File($"{ModelPrecisions.Float32}.gguf"));
        TinyFamilies.Quantized[0].Write(folder.File($"{ModelPrecisions.Stored}.gguf"));
        foreach (var precision in (string[])[ModelPrecisions.Float32, ModelPrecisions.Stored])
        {
            await ModelImport.RunAsync(
                folder.File($"{precision}.gguf"), precision, folder.File("models"), new(), progress: null, CancellationToken.None);
        }

        foreach (var installed in new ModelStore(folder.File("models")).List())
        {
            var card = installed.ToCard();
            Assert.Equal(installed.Manifest.Name, card.Precision);
            Assert.Equal(installed.Manifest.Parity, card.Parity);
            Assert.Equal((card.Parity!.Tokens, (int?)null), (card.Parity.Agreed, card.Parity.FirstDisagreement));
            Assert.InRange(card.Parity.Divergence, 0, 1e-6);
        }
    }

    [SharedFact("models/smollm2-135m-instruct")]
    public async Task A_precision_that_breaks_the_bound_is_refused_and_nothing_is_installed()
    {
        using var folder = new TemporaryFolder();

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ModelImport.RunAsync(
            ModelFiles.SharedModel("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), "coarse", folder.Path,
            new() { Precision = ModelPrecisions.Int4 }, progress: null, CancellationToken.None));

        Assert.Contains("divergence", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(new ModelStore(folder.Path).List());
    }

    /// <summary>A decoder without layers that always finds the same token likeliest.</summary>
    private static byte[] AlwaysThinksOf(int token)
    {
        var logits = new float[TinyFamily.Vocabulary];
        logits[token] = 5;
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_ids", typeof(long), "batch", "new");
        graph.Input("seqlens_k", typeof(int), "batch");
        graph.Input("total_sequence_length", typeof(int), 1);
        graph.Initializer("always", logits, 1, TinyFamily.Vocabulary);
        graph.Node("Identity", domain: "", ["always"], ["logits"]);
        graph.Output("logits", typeof(float), 1, TinyFamily.Vocabulary);
        return graph.ToModel().ToArray();
    }
}
