using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>Runs a model's graphs once, and finds out whether pictures can share a call of the denoiser.</summary>
/// <param name="Batching">A row's result is bit for bit the same alone and among other rows.</param>
/// <param name="OwnTimesteps">And each row may be at a timestep of its own.</param>
internal sealed record PainterTrial(bool Batching, bool OwnTimesteps)
{
    private const int MostRows = 8;

    /// <summary>Longest step of several pictures that a warm-up takes.</summary>
    private static readonly TimeSpan QuickStep = TimeSpan.FromSeconds(5);

    /// <summary>Rows of the calls that are tried.</summary>
    private static readonly int[] Counts = [2, 3, 5, MostRows];

    /// <exception cref="ModelImportException">A graph fails, or gives no numbers.</exception>
    public static PainterTrial Run(Painter painter)
    {
        try
        {
            var rows = MakeRows(painter);
            var alone = Array.ConvertAll(rows, row => Denoise(painter, [row], ownTimesteps: false));
            Check(alone[0][0], "denoiser");
            painter.Graphs.DecodePicture(alone[0][0], painter.NativeHeight, painter.NativeWidth);
            if (painter.Graphs.Rows is { } only)
            {
                return new PainterTrial(
                    only > 1 && Same(alone, rows[..Math.Min(only, MostRows)], painter, own: false),
                    only > 1 && painter.Graphs.MayTakeTimesteps && Same(alone, rows[..Math.Min(only, MostRows)], painter, own: true));
            }

            var own = painter.Graphs.MayTakeTimesteps && AllSame(alone, rows, painter, own: true);
            return new PainterTrial(own || AllSame(alone, rows, painter, own: false), own);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or OnnxOutputException or NotSupportedException)
        {
            throw new ModelImportException($"The model fails on a first picture: {exception.Message}", exception);
        }
    }

    /// <summary>Takes one step of one picture and decodes it, then one step of several pictures where that is quick. A step of a large
    /// model takes so long that what its first run costs does not show.</summary>
    /// <param name="defaults">State whether a picture has an unguided row.</param>
    /// <param name="pictures">Most pictures of a call.</param>
    /// <exception cref="InvalidOperationException">A graph fails, or gives another shape.</exception>
    /// <exception cref="OperationCanceledException">The time for it is over.</exception>
    public static void WarmUp(
        Painter painter, ModelDrawing defaults, int pictures, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            var perPicture = defaults.Guidance > 1 && !painter.Graphs.ReadsGuidance ? 2 : 1;
            var rows = MakeRows(painter)[..perPicture];
            rows = Array.ConvertAll(rows, row => row with { Timestep = rows[0].Timestep });
            painter.Graphs.DecodePicture(Step(painter, rows)[0], painter.NativeHeight, painter.NativeWidth);
            cancellationToken.ThrowIfCancellationRequested();
            var started = clock.GetTimestamp();
            Step(painter, rows);
            if (pictures > 1 && painter.Graphs.Rows is null && clock.GetElapsedTime(started) * pictures < QuickStep)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Step(painter, [.. Enumerable.Repeat(rows, pictures).SelectMany(row => row)]);
            }
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or OnnxOutputException)
        {
            throw new InvalidOperationException($"The model draws nothing: {exception.Message}", exception);
        }
    }

    /// <summary>A step of rows at one timestep, as many a call as the graph takes.</summary>
    private static float[][] Step(Painter painter, DenoiserRow[] rows) =>
        [.. rows.Chunk(painter.Graphs.Rows ?? rows.Length).SelectMany(part => Denoise(painter, part, ownTimesteps: false))];

    private static bool AllSame(float[][][] alone, DenoiserRow[] rows, Painter painter, bool own) =>
        Counts.All(count => Same(alone, rows[..count], painter, own));

    /// <summary>Whether the rows in one call give what each gives alone.</summary>
    /// <param name="own">With a timestep of each row's own; else of those at the first row's timestep.</param>
    private static bool Same(float[][][] alone, DenoiserRow[] rows, Painter painter, bool own)
    {
        try
        {
            var given = own ? rows : [.. rows.Where(row => row.Timestep == rows[0].Timestep)];
            var wanted = alone.Take(rows.Length).Where((_, i) => own || rows[i].Timestep == rows[0].Timestep).ToArray();
            var together = Denoise(painter, given, own);
            return together.Zip(wanted).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second[0]));
        }
        catch (OnnxRuntimeException) when (own)
        {
            return false; // A list of another length than one is refused by some graphs only when they run.
        }
    }

    private static DenoiserRow[] MakeRows(Painter painter)
    {
        var shape = new LatentShape(painter.Layout.Channels, painter.NativeHeight, painter.NativeWidth);
        var scheduler = painter.Layout.Scheduler;
        var timesteps = scheduler.Begin(Math.Min(4, scheduler.MostSteps)).Timesteps;
        var texts = Array.ConvertAll((string[])["", "a picture"], text => painter.EncodeText(painter.Tokenize(text)));
        Check(texts[1].States, "text encoder");
        Check(texts[1].Pooled, "second text encoder");
        return [.. Enumerable.Range(0, MostRows).Select(index =>
        {
            var sample = new float[shape.Length];
            new PictureNoise(1, (uint)index).Draw(0, sample);
            return new DenoiserRow(sample, timesteps[index / 2 % timesteps.Count], texts[index % 2], 2);
        })];
    }

    private static float[][] Denoise(Painter painter, DenoiserRow[] rows, bool ownTimesteps) =>
        painter.Graphs.Denoise(rows, painter.NativeHeight, painter.NativeWidth, ownTimesteps);

    private static void Check(ReadOnlySpan<float> numbers, string graph)
    {
        foreach (var number in numbers)
        {
            if (!float.IsFinite(number))
            {
                throw new OnnxOutputException($"The {graph} gives values that are no numbers.");
            }
        }
    }
}
