using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Gradients;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Rewriting;

namespace Tollgate.Training.Steps;

/// <summary>The graph of a step without its update: a forward graph with the loss and the gradients of the trained parameters.</summary>
internal sealed class TrainingGraph
{
    private TrainingGraph(
        ModelGraph graph, string loss, IReadOnlyDictionary<string, string> gradients, IReadOnlyList<DropoutMask> masks) =>
        (Graph, Loss, Gradients, Masks) = (graph, loss, gradients, masks);

    /// <summary>Trained parameters are inputs; the loss and the gradients are outputs.</summary>
    public ModelGraph Graph { get; }

    /// <summary>The loss, a single number.</summary>
    public string Loss { get; }

    /// <summary>Names of the gradients by parameter.</summary>
    public IReadOnlyDictionary<string, string> Gradients { get; }

    public IReadOnlyList<DropoutMask> Masks { get; }

    /// <param name="forward">A graph whose weights are float32 constants (<see cref="TrainableForm.WithWeights"/>).</param>
    /// <exception cref="GradientException">The graph cannot be trained.</exception>
    public static TrainingGraph Build(ModelGraph forward, TrainingPlan plan)
    {
        var graph = TrainableForm.WithOperators(forward);
        if (!graph.Outputs.Contains(plan.Logits))
        {
            throw new GradientException($"The graph has no output '{plan.Logits}'; it has {string.Join(", ", graph.Outputs)}.");
        }

        var parameters = graph.Parameters.Where(plan.IsTrained).ToArray();
        var shapes = ShapeProbe.Run(graph);
        var loss = AppendLoss(graph, shapes, plan, parameters);
        graph.Outputs.Clear();
        graph.Outputs.Add(loss);
        shapes = ShapeProbe.Run(graph);
        var masks = DropoutMask.Insert(graph, shapes, plan.Dropout);
        var gradients = Differentiation.Append(graph, shapes, loss, parameters, seed: null, plan.Truncation);
        if (gradients.Count == 0)
        {
            throw new GradientException($"The loss of '{plan.Logits}' does not depend on a trained parameter.");
        }

        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (parameter, gradient) in gradients)
        {
            // Two parameters may have one gradient; outputs have names of their own.
            named[parameter] = graph.Add("Identity", [gradient]);
            graph.Outputs.Add(named[parameter]);
            graph.Inputs.Add(new GraphInput(parameter, TensorElementType.Float, [.. graph.Initializers[parameter].Shape.Cast<object>()]));
            graph.Initializers.Remove(parameter);
        }

        return new TrainingGraph(graph, loss, named, masks);
    }

    private static string AppendLoss(
        ModelGraph graph, IReadOnlyDictionary<string, ProbedTensor> shapes, TrainingPlan plan, string[] parameters)
    {
        var loss = LossGraph.Append(graph, shapes, plan.Logits, plan.Loss);
        return plan.SquaresFactor == 0
            ? loss
            : LossGraph.AppendSquares(
                graph, loss, parameters.Where(name => plan.Optimizer.IsDecayed(name, graph.Initializers[name].Shape)), plan.SquaresFactor);
    }
}
