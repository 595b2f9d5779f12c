using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Reads lines of text. Thread-safe.</summary>
/// <param name="rows">Height of a line as the graph reads it, pixels.</param>
internal sealed class TextRecognizer(InferenceSession session, OcrDictionary dictionary, int rows)
{
    /// <summary>The width at which recognizers are trained; a shorter line is padded to it.</summary>
    public const int LeastWidth = 320;

    /// <summary>Lines are padded to a multiple of it, so that lines of one width are read together.</summary>
    private const int WidthStep = 64;

    private readonly GraphRun _run = new(session);

    public int Rows => rows;

    /// <summary>Whether the graph takes one line a run.</summary>
    public bool ReadsOneLine { get; } = session.InputMetadata.Values.Single().Dimensions[0] == 1;

    /// <summary>Width of the tensor with a line: lines of one width are read together.</summary>
    public int PaddedWidthOf(TextCrop line) => Math.Max((WidthOf(line) + WidthStep - 1) / WidthStep * WidthStep, LeastWidth);

    /// <summary>Reads lines of one padded width.</summary>
    /// <param name="options">Stops the run from outside.</param>
    /// <exception cref="ModelRunException">The graph fails.</exception>
    public TextReading[] Read(IReadOnlyList<TextCrop> lines, RunOptions options)
    {
        var padded = PaddedWidthOf(lines[0]);
        var scores = Run(MakeTensor(lines, padded), lines.Count, padded, options);
        var numbers = scores.Length / lines.Count;
        return
        [
            .. lines.Select((line, i) => dictionary.Decode(scores.AsSpan(i * numbers, numbers), (double)WidthOf(line) / padded)),
        ];
    }

    /// <summary>The numbers that the graph reads of lines: each shrunk or enlarged to <see cref="Rows"/>, and padded with zeros.</summary>
    /// <returns><c>[lines, 3, rows, padded]</c>.</returns>
    public float[] MakeTensor(IReadOnlyList<TextCrop> lines, int padded)
    {
        var numbers = 3 * rows * padded;
        var tensor = new float[lines.Count * numbers];
        for (var i = 0; i < lines.Count; i++)
        {
            var width = WidthOf(lines[i]);
            PixelNumbers.Recognition.Write(lines[i].Resize(width, rows), width, tensor.AsSpan(i * numbers, numbers), padded);
        }

        return tensor;
    }

    /// <summary>Returns the probability of each character at each place of each line, <c>[lines, places, outputs]</c>.</summary>
    /// <exception cref="ModelRunException">The graph fails.</exception>
    public float[] Run(float[] tensor, int lines, int padded, RunOptions options) =>
        _run.Run(tensor, [lines, 3, rows, padded], [lines, -1, dictionary.Outputs], options);

    private int WidthOf(TextCrop line) => Math.Max((int)Math.Ceiling((double)rows * line.Width / line.Height), 1);
}
