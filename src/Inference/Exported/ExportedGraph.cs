using Tollgate.Inference.Graphs;

namespace Tollgate.Inference.Exported;

/// <summary>A graph that another program exported, or a branch of one: operators, and constants whose numbers stay in their
/// files.</summary>
/// <param name="outer">The graph that holds the branch, whose tensors it may use; null for the whole graph.</param>
internal sealed class ExportedGraph(ExportedGraph? outer)
{
    private readonly Dictionary<string, ModelNode> _producers = new(StringComparer.Ordinal);

    public ExportedGraph? Outer => outer;

    public List<ModelNode> Nodes { get; } = [];

    public Dictionary<string, ExportedConstant> Constants { get; } = new(StringComparer.Ordinal);

    public List<ExportedGraph> Branches { get; } = [];

    /// <summary>It and the branches in it, however deep.</summary>
    public IEnumerable<ExportedGraph> All => Branches.SelectMany(branch => branch.All).Prepend(this);

    public void Add(ModelNode node)
    {
        Nodes.Add(node);
        foreach (var output in node.Outputs)
        {
            _producers[output] = node;
        }
    }

    /// <summary>Where a tensor comes from, with the graph in which its name counts: a constant, an operator, or neither for an
    /// input.</summary>
    public (ExportedGraph Graph, ExportedConstant? Constant, ModelNode? Producer) Find(string name)
    {
        for (var graph = this; ; graph = graph.Outer)
        {
            var (constant, producer) = (graph.Constants.GetValueOrDefault(name), graph._producers.GetValueOrDefault(name));
            if (constant is not null || producer is not null || graph.Outer is null)
            {
                return (graph, constant, producer);
            }
        }
    }
}
