using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Import;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Generation;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>stories260K, a real file with SentencePiece's BPE, from the import to the text of an answer.</summary>
public sealed class StoriesTests
{
    [SharedFact("models/stories260k")]
    public async Task An_imported_file_tells_the_reference_story()
    {
        using var folder = new TemporaryFolder();
        var installed = await ModelImport.RunAsync(
            ModelFiles.SharedModel("stories260k", "stories260K.gguf"), "stories", folder.Path, new(), progress: null,
            CancellationToken.None);
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(ModelFiles.SharedModel("reference", "stories260k.json")))!;
        await using var scheduler = TinyDecoder.Start(model);

        var prompt = model.EncodePrompt((string)reference["prompt"]!);
        var story = await TellAsync(scheduler, prompt, reference["output_ids"]!.AsArray().Count);
        var start = await TellAsync(scheduler, model.EncodePrompt(""), tokens: 8);

        Assert.Equal(TokenizerFile.SentencePiece, installed.Manifest.Tokenizer!.Kind);
        Assert.Equal(reference["prompt_ids"]!.AsArray().Select(id => (int)id!), prompt);
        Assert.Equal((string)reference["text"]!, story);
        Assert.StartsWith("Once", start, StringComparison.Ordinal); // Not with the blank that stands before each text.
    }

    private static async Task<string> TellAsync(DecoderScheduler scheduler, IEnumerable<int> prompt, int tokens)
    {
        var plan = new ChoicePlan(new Sampling { Temperature = 0 }, ChoicesPerPrompt: 1, tokens, Seed: 1);
        var request = new GenerationRequest(new RequestIdentity(Guid.NewGuid(), 1, Guid.Empty), [[.. prompt]], plan, ending: _ => { });
        return (await TinyDecoder.RunAsync(scheduler, request))[0];
    }
}
