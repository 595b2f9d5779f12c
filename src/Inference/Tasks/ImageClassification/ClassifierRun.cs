using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>Runs of a classifier's graph over fitted pictures. Thread-safe.</summary>
/// <param name="labels">Numbers that the graph gives for each picture.</param>
internal sealed class ClassifierRun(InferenceSession session, PicturePreparation preparation, int labels)
{
    private static readonly string[] Inputs = [ModelImageClassification.Input];
    private static readonly string[] Outputs = [ModelImageClassification.Output];
    private readonly float[][] _tables = preparation.MakeTables();

    /// <summary>Returns the logits of each picture.</summary>
    /// <param name="fitted">Pictures from <see cref="PicturePreparation.Fit"/>.</param>
    /// <param name="options">Stops the run from outside.</param>
    /// <exception cref="ModelRunException">The graph fails, or gives other numbers than one finite one for each label.</exception>
    public float[][] Run(IReadOnlyList<byte[]> fitted, RunOptions options)
    {
        var tensor = new float[fitted.Count * preparation.Length];
        for (var i = 0; i < fitted.Count; i++)
        {
            preparation.Write(fitted[i], _tables, tensor.AsSpan(i * preparation.Length, preparation.Length));
        }

        try
        {
            using var input = OrtValue.CreateTensorValueFromMemory(tensor, preparation.Shape(fitted.Count));
            using var outputs = session.Run(options, Inputs, [input], Outputs);
            var numbers = outputs[0].GetTensorDataAsSpan<float>();
            if (numbers.Length != fitted.Count * labels)
            {
                throw new ModelRunException($"it gave {numbers.Length} numbers for {fitted.Count} pictures and {labels} labels.");
            }

            var logits = new float[fitted.Count][];
            for (var i = 0; i < fitted.Count; i++)
            {
                logits[i] = numbers.Slice(i * labels, labels).ToArray();
                if (!Array.TrueForAll(logits[i], float.IsFinite))
                {
                    throw new ModelRunException("it gave a number that is not finite.");
                }
            }

            return logits;
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelRunException(exception.Message, exception);
        }
    }
}
