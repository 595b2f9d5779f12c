using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Generation;
using Tollgate.Inference.Tests.Tasks.Chat;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>What the scheduler relies on, for every family and precision: rows do not see each other, and a prompt in chunks is the prompt
/// in one piece, to the last bit.</summary>
[Collection(nameof(TinyFamilyModels))]
public sealed class DecoderGraphTests(TinyFamilyModels models)
{
    private const int Capacity = 112;

    public static TheoryData<string> Names => [.. TinyFamilies.Everything.Select(family => family.Name)];

    /// <summary>Without those whose heads are so wide that all chunks have one length.</summary>
    public static TheoryData<string> NamesOfFreeCuts =>
        [.. TinyFamilies.Everything.Where(family => family.HeadWidth <= 128).Select(family => family.Name)];

    [Theory]
    [MemberData(nameof(NamesOfFreeCuts))]
    public void A_prompt_cut_into_exact_lengths_gives_the_same_answer_wherever_it_is_cut(string name)
    {
        const int Length = 132; // beyond two tiles of every family
        var exact = ExactLengths(name, Length).ToHashSet();
        int[] prompt = [.. Enumerable.Range(0, Length).Select(i => ((i * 67) + 5) % (TinyFamily.Vocabulary - 1))];
        var expected = Read(name, prompt, [Length]);

        foreach (var first in exact.Where(first => exact.Contains(Length - first)))
        {
            Assert.Equal(expected, Read(name, prompt, [first, Length - first]));
        }

        Assert.Equal(expected, Read(name, prompt, [.. Enumerable.Repeat(2, Length / 2)]));
        Assert.Equal(expected, Read(name, prompt, [.. Enumerable.Repeat(3, Length / 3)]));
        Assert.InRange(exact.Count, Length - 12, Length - 1); // It is a rule, not a set of a few.
    }

    /// <summary>241 = 15 × 16 + 1, 225 = 7 × 32 + 1 and 33 = 32 + 1, where other plans leave one token to a chunk or a tile.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_prompt_gives_the_same_answer_at_every_pace(string name)
    {
        var lengths = ExactLengths(name, longest: 128);
        foreach (var tokens in (int[])[33, 65, 225, 241])
        {
            int[] prompt = [.. Enumerable.Range(0, tokens).Select(i => ((i * 67) + 5) % (TinyFamily.Vocabulary - 1))];
            var expected = Read(name, prompt, Plan(lengths, tokens, most: 16));

            for (var most = 17; most <= 128; most += most < 36 ? 1 : 12)
            {
                Assert.Equal(expected, Read(name, prompt, Plan(lengths, tokens, most)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_row_of_a_ragged_step_gives_the_logits_it_gives_alone(string name)
    {
        int[][] prompts =
        [
            [1, 279, 201], [.. Enumerable.Range(100, 30)], [7], [.. Enumerable.Range(90, 12)], [.. Enumerable.Range(200, 33)],
            [.. Enumerable.Range(20, 62)], [.. Enumerable.Range(150, 100)],
        ];
        var shape = models.Model(name).Shape;
        var rowSize = shape.KeyValueHeads * Capacity * shape.HeadWidth;
        var arena = Enumerable.Range(0, shape.Layers * 2).Select(_ => new float[prompts.Length * rowSize]).ToArray();
        var solo = prompts.Select(_ => models.Run(name, Capacity)).ToArray();
        for (var row = 0; row < prompts.Length; row++)
        {
            solo[row].Append(prompts[row]);
            for (var part = 0; part < arena.Length; part++)
            {
                solo[row].CacheOf(part).CopyTo(arena[part].AsSpan(row * rowSize));
            }
        }

        for (var step = 0; step < 4; step++)
        {
            var together = Step(
                name, arena, [.. prompts.Select((p, row) => (long)(50 + (row * 7) + step))], [.. prompts.Select(p => p.Length + step)]);
            for (var row = 0; row < prompts.Length; row++)
            {
                var alone = solo[row].Append([50 + (row * 7) + step]);
                Assert.Equal(alone, together[row]);
            }
        }

        Array.ForEach(solo, s => s.Dispose());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Greedy_answers_at_once_equal_a_plain_loop_over_each_alone(string name)
    {
        var model = models.Model(name);
        var prompts = Enumerable.Range(1, 8).Select(i => Enumerable.Range(i * 20, i * 7).ToArray()).ToArray();
        await using var scheduler = TinyDecoder.Start(model, new GenerationOptions { Slots = 5, MaxChunk = 16 });

        var together = await Task.WhenAll(prompts.Select(prompt => TinyDecoder.RunAsync(scheduler, new GenerationRequest(
            new RequestIdentity(Guid.NewGuid(), 1, Guid.NewGuid(), ServiceClass.Standard), [prompt],
            new ChoicePlan(new Sampling { Temperature = 0 }, 1, 20, 1), _ => { }))));

        for (var i = 0; i < prompts.Length; i++)
        {
            Assert.Equal(Greedy.Text(model, Greedy.Decode(model, prompts[i], most: 20).Ids), together[i][0]);
        }
    }

    private static int[] Plan(IReadOnlyList<int> lengths, int tokens, int most)
    {
        var pace = new PrefillPace(lengths);
        var chunks = new List<int>();
        for (var left = tokens; left > 0; left -= chunks[^1])
        {
            chunks.Add(pace.NextChunk(left, most));
        }

        return [.. chunks];
    }

    private IReadOnlyList<int> ExactLengths(string name, int longest) =>
        ChunkTrial.Run(
            models.Model(name).Shape.HeadWidth, TensorElementType.Float, longest, new SessionFactory(ExecutionProvider.Cpu));

    /// <summary>The logits after a prompt that is read in chunks, and after two tokens behind it: they use the keys and values of all
    /// chunks.</summary>
    private float[][] Read(string name, int[] prompt, ReadOnlySpan<int> chunks)
    {
        using var run = models.Run(name, prompt.Length + 2);
        float[] logits = [];
        foreach (var chunk in chunks)
        {
            logits = run.Append(prompt.AsSpan(run.Length, chunk));
        }

        Assert.Equal(prompt.Length, run.Length);
        return [logits, run.Append([3]), run.Append([9])];
    }

    private float[][] Step(string name, float[][] arena, long[] ids, int[] past)
    {
        var (rows, model) = (ids.Length, models.Model(name));
        using var binding = model.Session.CreateIoBinding();
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(ids, [rows, 1]);
        using var lengths = OrtValue.CreateTensorValueFromMemory(past, [rows]); // past + 1 - 1
        using var total = OrtValue.CreateTensorValueFromMemory(new[] { past.Max() + 1 }, [1]);
        binding.BindInput("input_ids", input);
        using var taken = OrtValue.CreateTensorValueFromMemory([.. Enumerable.Range(0, rows).Select(row => (long)row)], [rows]);
        binding.BindInput("seqlens_k", lengths);
        binding.BindInput("taken", taken);
        binding.BindInput("total_sequence_length", total);
        binding.BindOutputToDevice("logits", OrtMemoryInfo.DefaultInstance);
        var values = arena.Select(a => OrtValue.CreateTensorValueFromMemory(
            a, [rows, model.Shape.KeyValueHeads, Capacity, model.Shape.HeadWidth])).ToArray();
        for (var part = 0; part < values.Length; part++)
        {
            var cache = $"{part / 2}.{(part % 2 == 0 ? "key" : "value")}";
            binding.BindInput($"past_key_values.{cache}", values[part]);
            binding.BindOutput($"present.{cache}", values[part]);
        }

        model.Session.RunWithBinding(options, binding);
        using var outputs = binding.GetOutputValues();
        var logits = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        Array.ForEach(values, v => v.Dispose());
        return [.. Enumerable.Range(0, rows).Select(r => logits.AsSpan(r * model.Shape.Vocabulary, model.Shape.Vocabulary).ToArray())];
    }
}
