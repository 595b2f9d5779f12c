using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Rerank;

public sealed class CrossEncoderImportTests
{
    [Fact]
    public async Task A_folder_with_one_label_becomes_a_model_that_ranks()
    {
        using var folder = new TemporaryFolder();
        RandomCrossEncoder.Write(folder.File("source"), scale: 1);

        var installed = await ImportAsync(folder);

        Assert.Equal("rerank", ModelImport.FindTask(folder.File("source")));
        Assert.Equal(("rerank", RandomCrossEncoder.Context, true), (
            installed.Manifest.Task, installed.Manifest.Limits.ContextLength, installed.Manifest.Batching));
    }

    [Fact]
    public async Task A_model_with_several_logits_or_none_that_is_a_number_is_refused()
    {
        using var several = new TemporaryFolder();
        using var infinite = new TemporaryFolder();
        RandomCrossEncoder.Write(several.File("source"), scale: 1, labels: 2);
        RandomCrossEncoder.Write(infinite.File("source"), scale: 1, infinite: true);

        var two = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(several));
        var none = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(infinite));

        Assert.Contains("2 logits", two.Message, StringComparison.Ordinal);
        Assert.Contains("no usable logits", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tokenizer_without_a_form_for_two_texts_is_refused()
    {
        using var folder = new TemporaryFolder();
        RandomCrossEncoder.Write(folder.File("source"), scale: 1);
        var file = Path.Combine(folder.File("source"), "tokenizer.json");
        var tokenizer = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        tokenizer["post_processor"]!.AsObject().Remove("pair");
        await File.WriteAllTextAsync(file, tokenizer.ToJsonString());

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder));

        Assert.Contains("no form for two texts", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<InstalledModel> ImportAsync(TemporaryFolder folder) =>
        ModelImport.RunAsync(folder.File("source"), "cross", folder.File("models"), new(), progress: null, CancellationToken.None);
}
