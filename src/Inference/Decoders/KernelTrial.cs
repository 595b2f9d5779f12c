using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Decoders;

/// <summary>Runs a small model with random weights, the parts and the attention of a shape, and compares it with the plain forward
/// pass.</summary>
/// <remarks>
/// Which widths of heads a kernel runs is not documented and changes with its version, so it is tried, before the long work. It runs as
/// the scheduler does: a prompt, a second piece of it, then single tokens.
/// </remarks>
internal static class KernelTrial
{
    private const float Tolerance = 1e-3f;
    private const float HalfTolerance = 5e-2f; // 11 bits of each number, over two layers
    private const int Filled = 16;
    private const int Prompt = 7;
    private const int SecondPiece = 6;
    private const int Single = 5;

    /// <summary>Finds the width of heads that the kernel runs: the least that holds a head, or the next multiple of 16.</summary>
    /// <exception cref="ModelImportException">The kernel runs neither.</exception>
    public static DecoderShape Fit(DecoderShape shape, SessionFactory sessions)
    {
        try
        {
            Run(shape, sessions);
            return shape;
        }
        catch (ModelImportException) when (shape.KernelWidth % Filled != 0)
        {
            var filled = shape with { KernelWidth = (shape.KernelWidth + Filled - 1) / Filled * Filled };
            Run(filled, sessions);
            return filled;
        }
    }

    /// <exception cref="ModelImportException">The kernels cannot run this attention, or compute something else.</exception>
    public static void Run(DecoderShape shape, SessionFactory sessions)
    {
        var small = Shrink(shape);
        var weights = DecoderWeights.Sample(small);
        var described = $"{shape.Heads} heads of width {shape.HeadWidth} with {shape.KeyValueHeads} key/value heads"
            + (shape.HalfKeyValues ? " in half precision" : "");
        var ids = Enumerable.Range(0, small.Context - 1).Select(i => (i * 7 + 3) % small.Vocabulary).ToArray();
        try
        {
            using var session = sessions.Open(DecoderGraph.Build(weights));
            using var run = new DecoderRun(session, small.Layers.Count, small.KeyValueHeads, small.KernelWidth, small.Context);
            Compare(run, ids.AsSpan(0, Prompt));
            Compare(run, ids.AsSpan(0, Prompt + SecondPiece));
            for (var length = Prompt + SecondPiece + 1; length <= ids.Length; length++)
            {
                Compare(run, ids.AsSpan(0, length));
            }
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelImportException($"The attention kernel cannot run {described}: {exception.Message}", exception);
        }

        void Compare(DecoderRun run, ReadOnlySpan<int> prompt)
        {
            var expected = DecoderReference.Logits(weights, prompt);
            var actual = run.Append(prompt[run.Length..]);
            for (var id = 0; id < expected.Length; id++)
            {
                if (!(MathF.Abs(expected[id] - actual[id]) <= (shape.HalfKeyValues ? HalfTolerance : Tolerance)))
                {
                    throw new ModelImportException(
                        $"The attention kernel computes {described} wrongly: {actual[id]} instead of {expected[id]} "
                        + $"after {prompt.Length} tokens.");
                }
            }
        }
    }

    /// <summary>One layer of each kind with the same attention over a narrow stream and few heads; each key head serves as many query heads
    /// as in the whole model. A window, and what grows with the position, is made short enough to count within the trial.</summary>
    private static DecoderShape Shrink(DecoderShape shape)
    {
        var shared = Math.Min(shape.KeyValueHeads, 2);
        return shape with
        {
            Layers = [.. shape.Layers.Select(
                layer => layer with { Window = layer.Window is { } window ? Math.Min(window, Prompt - 2) : null }).Distinct()],
            Width = 8,
            FeedForward = 16,
            Heads = shape.Heads / shape.KeyValueHeads * shared,
            KeyValueHeads = shared,
            QueryGrowth = shape.QueryGrowth is { } growth ? growth with { Every = Math.Min(growth.Every, Prompt - 2) } : null,
            Vocabulary = 32,
            Context = Prompt + SecondPiece + Single + 1,
        };
    }
}
