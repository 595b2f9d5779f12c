using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>What the scheduler relies on: rows do not see each other, and a prompt in
/// chunks is the prompt in one piece, to the last bit.</summary>
public sealed class LlamaGraphTests : IDisposable
{
    private const int Capacity = 64;

    private readonly TemporaryFolder _folder = new();
    private readonly InferenceSession _session;
    private readonly LlamaShape _shape;

    public LlamaGraphTests()
    {
        using var file = GgufFile.Open(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        var weights = new LlamaWeights(file);
        _shape = weights.Shape;
        LlamaGraph.Write(weights, _folder.Path);
        _session = new SessionFactory(ExecutionProvider.Cpu).Open(_folder.File("model.onnx"));
    }

    [Fact]
    public void A_prompt_in_chunks_gives_the_logits_of_the_prompt_in_one_piece()
    {
        int[] prompt = [.. Enumerable.Range(5, 40)];
        using var whole = NewRun();
        using var chunks = NewRun();
        var expected = whole.Append(prompt);

        chunks.Append(prompt.AsSpan(0, 17));
        chunks.Append(prompt.AsSpan(17, 16));
        var actual = chunks.Append(prompt.AsSpan(33));

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void A_row_of_a_ragged_step_gives_the_logits_it_gives_alone()
    {
        int[][] prompts =
            [[1, 279, 201], [.. Enumerable.Range(100, 30)], [7], [.. Enumerable.Range(900, 12)], [.. Enumerable.Range(2000, 33)]];
        var rowSize = _shape.KeyValueHeads * Capacity * _shape.HeadWidth;
        var arena = Enumerable.Range(0, _shape.Layers * 2).Select(_ => new float[prompts.Length * rowSize]).ToArray();
        var solo = prompts.Select(_ => NewRun()).ToArray();
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
                arena, [.. prompts.Select((p, row) => (long)(50 + (row * 7) + step))], [.. prompts.Select(p => p.Length + step)]);
            for (var row = 0; row < prompts.Length; row++)
            {
                var alone = solo[row].Append([50 + (row * 7) + step]);
                Assert.Equal(alone, together[row]);
            }
        }

        Array.ForEach(solo, s => s.Dispose());
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private DecoderRun NewRun() => new(_session, _shape.Layers, _shape.KeyValueHeads, _shape.HeadWidth, Capacity);

    private float[][] Step(float[][] arena, long[] ids, int[] past)
    {
        var rows = ids.Length;
        using var binding = _session.CreateIoBinding();
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(ids, [rows, 1]);
        using var lengths = OrtValue.CreateTensorValueFromMemory(past, [rows]); // past + 1 - 1
        using var total = OrtValue.CreateTensorValueFromMemory(new[] { past.Max() + 1 }, [1]);
        binding.BindInput("input_ids", input);
        binding.BindInput("seqlens_k", lengths);
        binding.BindInput("total_sequence_length", total);
        binding.BindOutputToDevice("logits", OrtMemoryInfo.DefaultInstance);
        var values = arena.Select(
            a => OrtValue.CreateTensorValueFromMemory(a, [rows, _shape.KeyValueHeads, Capacity, _shape.HeadWidth])).ToArray();
        for (var part = 0; part < values.Length; part++)
        {
            var name = $"{part / 2}.{(part % 2 == 0 ? "key" : "value")}";
            binding.BindInput($"past_key_values.{name}", values[part]);
            binding.BindOutput($"present.{name}", values[part]);
        }

        _session.RunWithBinding(options, binding);
        using var outputs = binding.GetOutputValues();
        var logits = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        Array.ForEach(values, v => v.Dispose());
        return [.. Enumerable.Range(0, rows).Select(r => logits.AsSpan(r * _shape.Vocabulary, _shape.Vocabulary).ToArray())];
    }
}
