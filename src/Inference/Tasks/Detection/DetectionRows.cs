using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>Runs of a detector's graph. Thread-safe.</summary>
internal static class DetectionRows
{
    /// <summary>Most boxes that a graph may give for a picture.</summary>
    private const int MostBoxes = 10_000;

    private static readonly string[] Inputs = [ModelDetection.Input];
    private static readonly string[] Outputs = [ModelDetection.Output];

    /// <summary>Returns the rows of <see cref="ModelDetection.Output"/>, one after the other.</summary>
    /// <param name="pixels">One picture, from <see cref="Pictures.PictureSampler"/>.</param>
    /// <param name="options">Stops the run from outside.</param>
    /// <exception cref="ModelRunException">The graph fails, or gives something else than rows of finite numbers.</exception>
    public static float[] Run(InferenceSession session, ModelDetection detection, float[] pixels, RunOptions options)
    {
        try
        {
            using var input = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, detection.Height, detection.Width]);
            using var outputs = session.Run(options, Inputs, [input], Outputs);
            var shape = outputs[0].GetTensorTypeAndShape().Shape;
            var rows = outputs[0].GetTensorDataAsSpan<float>().ToArray();
            return shape is [1, <= MostBoxes, ModelDetection.RowLength] && Array.TrueForAll(rows, float.IsFinite) ? rows
                : throw new ModelRunException(
                    $"it gave numbers of the shape {string.Join(" x ", shape)}; expected are finite ones for up to {MostBoxes} boxes.");
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelRunException(exception.Message, exception);
        }
    }
}
