using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Runs of a graph with one input and one output, whose numbers are shares of 1. Thread-safe.</summary>
internal sealed class GraphRun(InferenceSession session)
{
    private readonly string[] _inputs = [.. session.InputMetadata.Keys];
    private readonly string[] _outputs = [.. session.OutputMetadata.Keys];

    /// <summary>Returns the output.</summary>
    /// <param name="tensor">Row-major, of the shape <paramref name="shape"/>.</param>
    /// <param name="expected">Shape of the output; −1 for any length.</param>
    /// <param name="options">Stops the run from outside.</param>
    /// <exception cref="ModelRunException">The graph fails, or gives another shape or numbers that are not from 0 to 1.</exception>
    public float[] Run(float[] tensor, long[] shape, long[] expected, RunOptions options)
    {
        try
        {
            using var input = OrtValue.CreateTensorValueFromMemory(tensor, shape);
            using var outputs = session.Run(options, _inputs, [input], _outputs);
            var given = outputs[0].GetTensorTypeAndShape().Shape;
            if (given.Length != expected.Length || given.Zip(expected).Any(pair => pair.Second >= 0 && pair.First != pair.Second))
            {
                throw new ModelRunException(
                    $"it gave numbers of the shape {string.Join(" x ", given)} instead of {string.Join(" x ", expected)}.");
            }

            var numbers = outputs[0].GetTensorDataAsSpan<float>();
            return numbers.ContainsAnyExceptInRange(0f, 1.0001f) // Sums of shares are rounded.
                ? throw new ModelRunException("it gave a number that is not from 0 to 1.") : numbers.ToArray();
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelRunException(exception.Message, exception);
        }
    }
}
