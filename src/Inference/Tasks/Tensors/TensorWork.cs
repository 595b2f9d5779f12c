using Tollgate.Contracts.Tensors;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>A request on its way through a <see cref="TensorEngine"/>, whose lock guards it.</summary>
/// <param name="Outputs">Names of the outputs that are wanted.</param>
/// <param name="Place">Its place in the line.</param>
/// <param name="Ran">Called when a run was made for it, whatever came of it.</param>
#pragma warning disable CA1001 // The source is never disposed: another turn may take the request just as it leaves.
internal sealed record TensorWork(
    IReadOnlyList<InferTensor> Inputs, IReadOnlyList<string> Outputs, FairTurns.Place Place, Action Ran, CancellationToken Cancelled)
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _taken = new();

    /// <summary>Rows of every input.</summary>
    public long Rows => Inputs[0].Shape.Count > 0 ? Inputs[0].Shape[0] : 0;

    /// <summary>Elements of all inputs.</summary>
    public long Elements { get; } = Inputs.Sum(input => input.Elements);

    /// <summary>What requests that may share a run have in common; null for one whose inputs differ in their rows.</summary>
    public string? Kind { get; } = KindOf(Inputs, Outputs);

    /// <summary>Cancelled when a run has taken it, so that it waits for no turn.</summary>
    public CancellationToken Taken => _taken.Token;

    /// <summary>The outputs, or what ended it.</summary>
    public TaskCompletionSource<IReadOnlyList<TensorOutput>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Notes that a run has taken it. Ends waits, so not under a lock.</summary>
    public void Take() => _taken.Cancel();

    private static string? KindOf(IReadOnlyList<InferTensor> inputs, IReadOnlyList<string> outputs)
    {
        if (inputs[0].Shape is not [> 0 and var rows, ..] || inputs.Any(input => input.Shape.Count == 0 || input.Shape[0] != rows))
        {
            return null;
        }

        return string.Join('\n', inputs.OrderBy(input => input.Name, StringComparer.Ordinal)
            .Select(input => $"{input.Name}\0{string.Join(',', input.Shape.Skip(1))}").Concat(outputs));
    }
}
