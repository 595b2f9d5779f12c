using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Tells lines that are upside down. Thread-safe.</summary>
internal sealed class DirectionClassifier(InferenceSession session)
{
    private const int Height = 48;
    private const int Width = 192;
    private const int Numbers = 3 * Height * Width;

    private readonly GraphRun _run = new(session);

    /// <summary>Returns the probability that a line is upside down, 0 to 1, for each.</summary>
    /// <param name="options">Stops the run from outside.</param>
    /// <exception cref="ModelRunException">The graph fails.</exception>
    public float[] Classify(IReadOnlyList<TextCrop> lines, RunOptions options)
    {
        var tensor = new float[lines.Count * Numbers];
        for (var i = 0; i < lines.Count; i++)
        {
            var width = Math.Clamp((int)Math.Ceiling((double)Height * lines[i].Width / lines[i].Height), 1, Width);
            PixelNumbers.Recognition.Write(lines[i].Resize(width, Height), width, tensor.AsSpan(i * Numbers, Numbers), Width);
        }

        var scores = _run.Run(tensor, [lines.Count, 3, Height, Width], [lines.Count, 2], options);
        return [.. Enumerable.Range(0, lines.Count).Select(i => scores[(2 * i) + 1])];
    }
}
