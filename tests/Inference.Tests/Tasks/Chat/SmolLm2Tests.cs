using System.Diagnostics;
using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Import;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Generation;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;
using Xunit.Abstractions;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>SmolLM2-135M-Instruct, a real file with mixed encodings, against float32 references made by other programs.</summary>
public sealed class SmolLm2Tests(ITestOutputHelper output)
{
    /// <summary>Below this margin between the two best logits engines may choose differently.</summary>
    private const double DecisiveMargin = 0.05;

    [SharedFact("models/smollm2-135m-instruct")]
    public async Task RunAsync_imports_SmolLM2_so_that_it_gives_the_reference_answers()
    {
        using var folder = new TemporaryFolder();
        var clock = Stopwatch.StartNew();
        var before = Environment.CpuUsage.TotalTime;
        var installed = await ModelImport.RunAsync(
            ModelFiles.SharedModel("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), "smollm2", folder.Path, new(),
            progress: null, CancellationToken.None);
        output.WriteLine($"imported in {clock.Elapsed}, {Environment.CpuUsage.TotalTime - before} of it computing");
        clock.Restart();
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
        output.WriteLine($"loaded in {clock.Elapsed}, {Environment.WorkingSet >> 20} MiB");
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(ModelFiles.SharedModel("reference", "smollm2.json")))!;

        CheckTokenizer(model, reference["tokenize"]!.AsArray());
        foreach (var example in reference["chat"]!.AsArray())
        {
            var firstLogits = CheckAnswer(model, example!);
            CheckLogProbabilities(firstLogits, example!["first_logprobs"]!.AsArray());
            await CheckScoreAsync(model, example!);
        }

        foreach (var example in reference["completions"]!.AsArray())
        {
            CheckAnswer(model, example!);
        }

        output.WriteLine($"answered after {clock.Elapsed}");
    }

    private static void CheckTokenizer(DecoderModel model, JsonArray cases)
    {
        foreach (var example in cases)
        {
            var ids = new List<int>();
            model.Tokenizer.Encode((string)example![0]!, allowSpecial: true, ids);
            Assert.Equal(Ids(example[1]!), ids);
        }
    }

    private static float[] CheckAnswer(DecoderModel model, JsonNode example)
    {
        var prompt = model.EncodePrompt((string)example["prompt"]!, allowSpecial: true);
        Assert.Equal(Ids(example["prompt_ids"]!), prompt);
        var expected = Ids(example["output_ids"]!);
        var decisive = example["margins"]!.AsArray().TakeWhile(margin => (double)margin! >= DecisiveMargin).Count();
        var (ids, firstLogits) = Greedy.Decode(model, prompt, expected.Length);
        Assert.Equal(expected.Take(decisive), ids.Take(decisive));
        return firstLogits;
    }

    private static void CheckLogProbabilities(float[] logits, JsonArray expected)
    {
        var most = logits.Max();
        var normalizer = most + Math.Log(logits.Sum(x => Math.Exp(x - most)));
        Assert.All(expected, entry => Assert.Equal((double)entry![2]!, logits[(int)entry[0]!] - normalizer, 1e-3));
    }

    /// <summary>The answer's first token as the last one of a scored prompt.</summary>
    private static async Task CheckScoreAsync(DecoderModel model, JsonNode example)
    {
        int[] prompt = [.. Ids(example["prompt_ids"]!), Ids(example["output_ids"]!)[0]];
        var plan = new ChoicePlan(new Sampling { Logprobs = 5 }, ChoicesPerPrompt: 1, MaxOutput: 0, Seed: 1) { ScoresPrompt = true };
        var request = new GenerationRequest(new RequestIdentity(Guid.NewGuid(), 1, Guid.Empty), [prompt], plan, ending: _ => { });
        await using var scheduler = TinyDecoder.Start(model, new GenerationOptions { Slots = 1, ReservedSlots = 0 });
        Assert.Null(scheduler.TryEnqueue(request));

        var scored = (await request.Events.ReadAllAsync().ToListAsync()).Single().PromptTokens;

        var expected = example["first_logprobs"]!.AsArray();
        Assert.Equal((double)expected.Single(entry => (int)entry![0]! == prompt[^1])![2]!, scored[^1].Logprob, 1e-3);
        Assert.All(scored[^1].Best.Zip(expected), pair => Assert.Equal((double)pair.Second![2]!, pair.First.Logprob, 1e-3));
    }

    private static int[] Ids(JsonNode node) => [.. node.AsArray().Select(id => (int)id!)];
}
