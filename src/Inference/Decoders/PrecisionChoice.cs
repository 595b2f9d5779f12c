using System.Globalization;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Decoders;

/// <summary>The precision of a decoder's matrices, and why.</summary>
/// <param name="Name">One of <see cref="ModelPrecisions"/>, for the manifest.</param>
/// <param name="Note">For the operator; null where nothing was chosen.</param>
internal sealed record PrecisionChoice(WeightPrecision Precision, string Name, string? Note)
{
    /// <summary>Bytes in float32 from which on the speeds are tried: smaller models are quick in any precision.</summary>
    private const long TriedBytes = 512L << 20;

    /// <summary>How much faster blocks of 8 bits must be, alone and in a full batch, before numbers are rounded for it.</summary>
    private const double WorthRounding = 1.25;

    private const int BatchRows = 32;

    private const string FasterNote =
        "The model keeps the blocks and the numbers of its file. With --precision int8 it has other numbers, whose distance from the "
        + "source the import tells, and answers many requests at once up to three times as fast.";

    private const string HalfNote =
        "The model computes in half precision: only workers with Execution:Provider=cuda load it, and that path is untested on a GPU.";

    /// <summary>Whether the graph computes what the source's numbers give in float32.</summary>
    public bool KeepsNumbers =>
        Precision is WeightPrecision.Float32 or WeightPrecision.AsStored && !ModelPrecisions.IsHalf(Name);

    public static PrecisionChoice Make(string asked, DecoderWeights weights, SessionFactory sessions, TimeProvider clock) => asked switch
    {
        ModelPrecisions.Float32 => new(WeightPrecision.Float32, asked, Note: null),
        ModelPrecisions.Int8 => new(WeightPrecision.Int8, asked, Note: null),
        ModelPrecisions.Int4 => new(WeightPrecision.Int4, asked, Note: null),
        ModelPrecisions.Float16 => new(WeightPrecision.Float32, asked, HalfNote),
        ModelPrecisions.Float16Int8 => new(WeightPrecision.Int8, asked, HalfNote),
        ModelPrecisions.Float16Int4 => new(WeightPrecision.Int4, asked, HalfNote),
        ModelPrecisions.Auto => Choose(weights, sessions, clock),
        _ => throw new ModelImportException($"The precision can be {string.Join(", ", ModelPrecisions.Choices)}, not '{asked}'."),
    };

    private static PrecisionChoice Choose(DecoderWeights weights, SessionFactory sessions, TimeProvider clock)
    {
        if (weights.Embedding.Encoding.BlockLength() > 1 || weights.Layers[0].Down.Matrix.Tensor.Encoding.BlockLength() > 1)
        {
            return new(WeightPrecision.AsStored, ModelPrecisions.Stored, FasterNote);
        }

        var bytes = weights.Elements * sizeof(float);
        var half = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
        if (bytes > half)
        {
            var fits = weights.Elements * 9 / 8 <= half; // a byte a number, and a scale for each block
            return new(
                fits ? WeightPrecision.Int8 : WeightPrecision.Int4, fits ? ModelPrecisions.Int8 : ModelPrecisions.Int4,
                $"In float32 the model would take {Gibibytes(bytes)} GiB, more than half of this machine's memory, so it is held in "
                + (fits ? "8 bits." : "4 bits."));
        }

        if (bytes < TriedBytes)
        {
            return new(WeightPrecision.Float32, ModelPrecisions.Float32, Note: null);
        }

        var (alone, batch) = (Gain(weights.Shape, 1, sessions, clock), Gain(weights.Shape, BatchRows, sessions, clock));
        var measured = string.Create(
            CultureInfo.InvariantCulture,
            $"a layer in 8 bits took {1 / alone:0.00} of the time of float32 alone and {1 / batch:0.00} with {BatchRows} rows");
        return Math.Min(alone, batch) >= WorthRounding
            ? new(WeightPrecision.Int8, ModelPrecisions.Int8, $"The model is held in 8 bits: {measured}.")
            : new(WeightPrecision.Float32, ModelPrecisions.Float32, $"The model is held in float32: {measured}.");
    }

    /// <summary>How much faster a layer of the shape runs in blocks of 8 bits than in float32.</summary>
    private static double Gain(DecoderShape shape, int rows, SessionFactory sessions, TimeProvider clock)
    {
        const int Repeats = 5;
        var layer = shape with { Layers = [shape.Layers[0]], Vocabulary = 256, Context = BatchRows * (Repeats + 1) };
        var weights = DecoderWeights.Sample(layer);
        var ids = Enumerable.Range(0, rows).ToArray();
        return Time(WeightPrecision.Float32) / Time(WeightPrecision.Int8);

        double Time(WeightPrecision precision)
        {
            using var session = sessions.Open(DecoderGraph.Build(weights, precision));
            using var run = new DecoderRun(session, 1, layer.KeyValueHeads, layer.KernelWidth, layer.Context);
            run.Append(ids);
            var best = double.PositiveInfinity;
            for (var i = 0; i < Repeats; i++)
            {
                var started = clock.GetTimestamp();
                run.Append(ids);
                best = Math.Min(best, clock.GetElapsedTime(started).TotalSeconds);
            }

            return best;
        }
    }

    private static string Gibibytes(long bytes) => ((double)bytes / (1L << 30)).ToString("0.0", CultureInfo.InvariantCulture);
}
