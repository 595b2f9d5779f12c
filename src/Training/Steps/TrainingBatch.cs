using Tollgate.Inference.Onnx;

namespace Tollgate.Training.Steps;

/// <summary>Rows that one run of the graph reads.</summary>
/// <param name="Inputs">The forward graph's inputs by name.</param>
/// <param name="Labels">In the form that the <see cref="LossKind"/> states.</param>
/// <param name="Weights">Weight of each row before the step's weights are scaled to the sum 1, such as that of its class; 0 for a row
/// that only fills the batch.</param>
internal sealed record TrainingBatch(IReadOnlyDictionary<string, OnnxTensor> Inputs, OnnxTensor Labels, float[] Weights)
{
    /// <summary>A batch whose rows all weigh the same.</summary>
    public static TrainingBatch Even(IReadOnlyDictionary<string, OnnxTensor> inputs, OnnxTensor labels) =>
        new(inputs, labels, [.. Enumerable.Repeat(1f, (int)labels.Shape[0])]);
}

/// <summary>What a step measured.</summary>
/// <param name="Loss">Of the weights before the step.</param>
/// <param name="GradientNorm">Before it is limited.</param>
internal readonly record struct StepResult(float Loss, float GradientNorm);
