using Tollgate.Inference.Graphs;

namespace Tollgate.Inference.Gradients;

/// <summary>Reverse-mode differentiation: appends to a graph the operators that compute the gradient of a tensor.</summary>
internal static class Differentiation
{
    /// <summary>Appends the gradients of one tensor with respect to others.</summary>
    /// <param name="graph">Receives the operators.</param>
    /// <param name="shapes">Shapes of the graph's tensors (<see cref="ShapeProbe"/>).</param>
    /// <param name="output">Any tensor of real numbers, such as a loss.</param>
    /// <param name="targets">Parameters, inputs or inner tensors of real numbers. Operators that lead to none of them get no work.</param>
    /// <param name="seed">Gradient of <paramref name="output"/>, a tensor of its shape; null for ones.</param>
    /// <param name="truncation">Most steps through which the gradient of a recurrence flows; 0 for all.</param>
    /// <returns>The gradient's name for each target, of the target's shape. A target that <paramref name="output"/> does not depend on
    /// is missing.</returns>
    /// <exception cref="GradientException">An operator on the way has no gradient.</exception>
    public static Dictionary<string, string> Append(
        ModelGraph graph, IReadOnlyDictionary<string, ProbedTensor> shapes, string output, IReadOnlyCollection<string> targets,
        string? seed = null, int truncation = 0)
    {
        var nodes = graph.Nodes.ToArray();
        var wanted = Dependents(nodes, shapes, targets);
        var gradients = new GradientSums(graph);
        gradients.Add(output, seed ?? Ones(graph, shapes[output], output));
        foreach (var node in nodes.Reverse())
        {
            if (!node.Outputs.Any(gradients.Has) || !node.Reads.Any(wanted.Contains))
            {
                continue;
            }

            if (!GradientRules.All.TryGetValue((node.Domain, node.Operator), out var rule))
            {
                throw new GradientException(
                    $"{node.Description} has no gradient{(node.Domain.Length > 0 ? $" (domain {node.Domain})" : "")}. "
                    + $"Operators with one: {string.Join(", ", GradientRules.Names)}.");
            }

            rule(new GradientStep(graph, node, shapes, wanted, gradients) { Truncation = truncation });
        }

        return targets.Where(gradients.Has).ToDictionary(target => target, target => gradients.Take(target)!, StringComparer.Ordinal);
    }

    private static HashSet<string> Dependents(
        ModelNode[] nodes, IReadOnlyDictionary<string, ProbedTensor> shapes, IReadOnlyCollection<string> targets)
    {
        var wanted = targets.ToHashSet(StringComparer.Ordinal);
        foreach (var node in nodes.Where(node => node.Reads.Any(wanted.Contains)))
        {
            wanted.UnionWith(node.Outputs.Where(name => shapes.TryGetValue(name, out var shape) && shape.IsReal));
        }

        return wanted;
    }

    private static string Ones(ModelGraph graph, ProbedTensor shape, string output) =>
        shape.Rank == 0 ? graph.Number(1) : graph.Add("Expand", [graph.Number(1), graph.Add("Shape", [output])]);
}

/// <summary>Gradients that have arrived at each tensor.</summary>
internal sealed class GradientSums(ModelGraph graph)
{
    private readonly Dictionary<string, List<string>> _parts = new(StringComparer.Ordinal);

    public bool Has(string tensor) => _parts.ContainsKey(tensor);

    public void Add(string tensor, string gradient)
    {
        if (!_parts.TryGetValue(tensor, out var parts))
        {
            _parts[tensor] = parts = [];
        }

        parts.Add(gradient);
    }

    /// <summary>The sum of what has arrived; null where nothing has.</summary>
    public string? Take(string tensor)
    {
        if (!_parts.TryGetValue(tensor, out var parts))
        {
            return null;
        }

        while (parts.Count > 1)
        {
            parts[0] = graph.Add("Add", [parts[0], parts[1]]);
            parts.RemoveAt(1);
        }

        return parts[0];
    }
}
