using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Chat;

public sealed class TinyAssistantTests
{
    [Fact]
    public async Task RunAsync_imports_tiny_assistant_so_that_it_gives_every_reference_answer()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf");
        var installed = await ModelImport.RunAsync(file, "tiny-assistant", folder.Path, new(), progress: null, CancellationToken.None);
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "reference.json")))!;

        var cases = reference["cases"]!.AsArray();

        Assert.Equal(23, cases.Count);
        Assert.All(cases, example =>
        {
            var prompt = model.EncodePrompt((string)example!["prompt"]!, allowSpecial: true);
            Assert.Equal(Ids(example["prompt_ids"]!), prompt);
            var (ids, _) = Greedy.Decode(model, prompt, most: 200);
            Assert.Equal(Ids(example["output_ids"]!), ids);
            Assert.Equal((string)example["text"]!, Greedy.Text(model, ids));
        });
    }

    private static int[] Ids(JsonNode node) => [.. node.AsArray().Select(id => (int)id!)];
}
