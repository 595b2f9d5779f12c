using Tollgate.Inference.Graphs;

namespace Tollgate.Inference.Rewriting;

/// <summary>Gives a forward graph the form that is trained.</summary>
internal static class TrainableForm
{
    /// <summary>Weights become float32 constants under names of their own; the operators stay as they are.</summary>
    /// <returns>A new graph with the same inputs and outputs: the one that is exported with trained weights.</returns>
    /// <exception cref="GradientException">Weights are stored in a form that is not known; the message names the node.</exception>
    public static ModelGraph WithWeights(ModelGraph forward)
    {
        var graph = forward.Copy();
        QuantizedProducts.Replace(graph);
        StoredTables.Replace(graph);
        StoredWeights.Unfold(graph);
        return graph;
    }

    /// <summary>Operators whose backward pass needs more than their results become ones that keep it.</summary>
    /// <returns>A new graph with the same inputs, outputs and parameters.</returns>
    /// <exception cref="GradientException">A form of an operator is not supported; the message names the node.</exception>
    public static ModelGraph WithOperators(ModelGraph forward)
    {
        var graph = forward.Copy();
        GeluForms.Replace(graph);
        LstmForm.Replace(graph);
        return graph;
    }
}
