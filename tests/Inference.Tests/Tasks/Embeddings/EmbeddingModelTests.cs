using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Embeddings;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Embeddings;

public sealed class EmbeddingModelTests
{
    [Fact]
    public async Task EmbedAsync_gives_tiny_embeds_reference_vectors()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx"), folder);
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(ModelFiles.Defaults, "tiny-embed", "reference.json")))!;

        var result = await model.EmbedAsync(Texts(reference["texts"]!), CancellationToken.None);

        Assert.True(model.Manifest.Batching);
        Assert.Equal(256, model.Embedding.Width);
        Assert.Equal(9, result.Tokens[0]); // how do i change my password ? and the two that frame it
        CheckFirstNumbers(reference["first8"]!, result.Vectors);
    }

    [SharedFact("models/all-minilm-l6-v2")]
    public async Task EmbedAsync_gives_MiniLMs_reference_vectors()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(ModelFiles.SharedModel("all-minilm-l6-v2", "model.onnx"), folder);
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(ModelFiles.SharedModel("reference", "minilm.json")))!;
        var rows = reference["rows"]!.AsArray();

        var result = await model.EmbedAsync([.. rows.Select(r => Text((string)r!["text"]!))], CancellationToken.None);
        var byIds = await model.EmbedAsync(
            [.. rows.Select(r => Ids([.. r!["input_ids"]!.AsArray().Select(id => (int)id!).Skip(1).SkipLast(1)]))],
            CancellationToken.None);

        Assert.True(model.Manifest.Batching); // only its weights are quantised
        Assert.Equal(512, model.Manifest.Limits.ContextLength);
        Assert.Equal(rows.Select(r => r!["input_ids"]!.AsArray().Count), result.Tokens);
        CheckFirstNumbers(new JsonArray([.. rows.Select(r => r!["first8"]!.DeepClone())]), result.Vectors);
        for (var i = 0; i < rows.Count; i++)
        {
            Assert.Equal(result.Vectors[i], byIds.Vectors[i]);
            for (var j = 0; j < rows.Count; j++)
            {
                Assert.Equal(
                    (double)reference["cosines"]![i]![j]!, TensorPrimitives.Dot<float>(result.Vectors[i], result.Vectors[j]), 1e-4);
            }
        }
    }

    [Fact]
    public async Task RunAsync_marks_a_model_that_quantises_activations_so_that_it_runs_unbatched()
    {
        using var folder = new TemporaryFolder();
        BuildActivationQuantisingModel(folder.File("quantising.onnx"));
        var options = new ModelImportOptions { TokenizerFile = Path.Combine(ModelFiles.Defaults, "tiny-embed", "tokenizer.json") };
        var installed = await ModelImport.RunAsync(
            folder.File("quantising.onnx"), "embed", folder.File("models"), options, progress: null, CancellationToken.None);
        using var model = await EmbeddingAlone.LoadAsync(installed);

        var together = await model.EmbedAsync(
            [Text("a toll gate"), Text("many other words beside it")], CancellationToken.None);
        var alone = await model.EmbedAsync([Text("a toll gate")], CancellationToken.None);

        Assert.False(model.Manifest.Batching);
        Assert.Equal(alone.Vectors[0], together.Vectors[0]);
    }

    /// <summary>Vectors of the tokens are known, so the pooled one is: of [CLS] alone, or the mean over [CLS], one word and
    /// [SEP].</summary>
    [Theory]
    [InlineData(null, null, "mean")]
    [InlineData("""{"word_embedding_dimension":3,"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}""", null, "cls")]
    [InlineData("""{"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":true}""", null, "mean")]
    [InlineData("""{"pooling_mode":"cls"}""", null, "cls")]
    [InlineData("""{"pooling_mode_lasttoken":true,"pooling_mode_cls_token":false}""", null, "last")]
    [InlineData(null, "last", "last")]
    [InlineData(null, "cls", "cls")]
    [InlineData("""{"pooling_mode_cls_token":true}""", "mean", "mean")]
    public async Task RunAsync_pools_as_the_file_beside_the_model_says_or_as_asked(string? config, string? asked, string pooling)
    {
        using var folder = new TemporaryFolder();
        WriteTokenVectorModel(folder, config);
        var options = new ModelImportOptions
        {
            TokenizerFile = Path.Combine(ModelFiles.Defaults, "tiny-embed", "tokenizer.json"), Pooling = asked,
        };
        var installed = await ModelImport.RunAsync(
            folder.File("vectors.onnx"), "embed", folder.File("models"), options, progress: null, CancellationToken.None);
        using var model = await EmbeddingAlone.LoadAsync(installed);

        var result = await model.EmbedAsync([Text("gate")], CancellationToken.None);

        Assert.Equal(pooling, ModelEmbedding.Of(installed.Manifest)!.Pooling);
        double[] ids = [101, 4796, 102];
        Assert.Equal(3, result.Tokens[0]);
        var first = pooling == "cls" ? ids[0] : pooling == "last" ? ids[2] : ids.Average();
        var expected = first / Math.Sqrt((first * first) + 1); // each token's vector is (id, 1, 0)
        Assert.Equal(expected, result.Vectors[0][0], 1e-5);
    }

    [Theory]
    [InlineData("""{"pooling_mode_max_tokens":true}""", null, "max_tokens")]
    [InlineData("""{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true}""", null, "cls_token + mean_tokens")]
    [InlineData("no json", null, "not JSON")]
    [InlineData("""{"pooling_mode_mean_tokens":true,"include_prompt":false}""", null, "leaves prompts out")]
    [InlineData("""{"pooling_mode_cls_token":true}""", """[{"type":"sentence_transformers.models.Dense"}]""", "Dense")]
    public async Task RunAsync_refuses_pooling_that_it_cannot_do(string config, string? modules, string why)
    {
        using var folder = new TemporaryFolder();
        WriteTokenVectorModel(folder, config);
        if (modules is not null)
        {
            await File.WriteAllTextAsync(folder.File("modules.json"), modules);
        }

        var options = new ModelImportOptions { TokenizerFile = Path.Combine(ModelFiles.Defaults, "tiny-embed", "tokenizer.json") };
        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ModelImport.RunAsync(
            folder.File("vectors.onnx"), "embed", folder.File("models"), options, progress: null, CancellationToken.None));

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmbedAsync_keeps_the_order_of_the_inputs_whatever_their_length()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx"), folder);
        var texts = Enumerable.Range(1, 150).Select(
            i => string.Concat(Enumerable.Repeat("gate toll ", i * 37 % 101)) + $"number {i}").ToArray();

        var together = await model.EmbedAsync([.. texts.Select(Text)], CancellationToken.None);

        for (var i = 0; i < texts.Length; i += 7)
        {
            var alone = await model.EmbedAsync([Text(texts[i])], CancellationToken.None);
            Assert.Equal(alone.Tokens[0], together.Tokens[i]);
            Assert.InRange(TensorPrimitives.Distance<float>(alone.Vectors[0], together.Vectors[i]), 0, 1e-5f);
        }
    }

    [Fact]
    public async Task EmbedAsync_refuses_what_does_not_fit_and_names_the_input()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx"), folder);

        var length = await model.EmbedAsync([Text("x"), Text(string.Concat(Enumerable.Repeat("gate ", 9000)))]);
        var id = await model.EmbedAsync([Ids([5, 30522])]);

        Assert.Contains("8192 tokens, however input 1 has", length.Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("Input 0 has a token outside", id.Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("input", id.Refusal.Param);
    }

    [Fact]
    public async Task EmbedAsync_stops_when_it_is_cancelled()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx"), folder);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => model.EmbedAsync([Text("x")], new CancellationToken(canceled: true)));
    }

    /// <summary>A table of vectors whose rows go through eight bits with one scale for the whole batch.</summary>
    private static void BuildActivationQuantisingModel(string path)
    {
        const int Width = 8;
        var random = new Random(7);
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_ids", typeof(long), "batch", "tokens");
        graph.Input("attention_mask", typeof(long), "batch", "tokens");
        graph.Initializer("table", [.. Enumerable.Range(0, 30_522 * Width).Select(_ => (float)random.NextDouble() - 0.5f)], 30_522, Width);
        var rows = graph.Node("Gather", ["table", "input_ids"]);
        graph.Node("DynamicQuantizeLinear", domain: "", [rows], ["bytes", "scale", "zero"]);
        graph.Node("DequantizeLinear", domain: "", ["bytes", "scale", "zero"], ["last_hidden_state"]);
        graph.Output("last_hidden_state", typeof(float), "batch", "tokens", Width);
        graph.Write(path);
    }

    /// <summary>A model that gives each token the vector (id, 1, 0).</summary>
    private static void WriteTokenVectorModel(TemporaryFolder folder, string? config)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_ids", typeof(long), "batch", "tokens");
        graph.Input("attention_mask", typeof(long), "batch", "tokens");
        graph.Initializer("table", [.. Enumerable.Range(0, 30_522).SelectMany(id => (float[])[id, 1, 0])], 30_522, 3);
        graph.Node("Gather", domain: "", ["table", "input_ids"], ["last_hidden_state"]);
        graph.Output("last_hidden_state", typeof(float), "batch", "tokens", 3);
        graph.Write(folder.File("vectors.onnx"));
        if (config is not null)
        {
            Directory.CreateDirectory(folder.File("1_Pooling"));
            File.WriteAllText(Path.Combine(folder.File("1_Pooling"), "config.json"), config);
        }
    }

    private static async Task<EmbeddingModel> ImportAsync(string file, TemporaryFolder folder)
    {
        var installed = await ModelImport.RunAsync(file, "embed", folder.Path, new(), progress: null, CancellationToken.None);
        return await EmbeddingAlone.LoadAsync(installed);
    }

    private static PromptInput Text(string text) => new(text, null);

    private static PromptInput Ids(IReadOnlyList<int> ids) => new(null, ids);

    private static PromptInput[] Texts(JsonNode texts) => [.. texts.AsArray().Select(t => Text((string)t!))];

    private static void CheckFirstNumbers(JsonNode expected, IReadOnlyList<float[]> vectors)
    {
        for (var i = 0; i < vectors.Count; i++)
        {
            for (var j = 0; j < 8; j++)
            {
                Assert.Equal((double)expected[i]![j]!, vectors[i][j], 1e-4);
            }

            Assert.Equal(1, TensorPrimitives.Norm<float>(vectors[i]), 1e-4);
        }
    }
}
