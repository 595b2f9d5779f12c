using Tollgate.Training.Graphs;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Methods;

/// <summary>An encoder whose weights are all trained, with a linear layer that was trained on its vectors before.</summary>
/// <remarks>Kumar et al., Fine-Tuning can Distort Pretrained Features (2022): the layer first, then all weights.</remarks>
internal sealed class EncoderClassifier : ClassifierModel
{
    private const float DropoutRate = 0.1f;

    private readonly BaseModel _base;

    public EncoderClassifier(BaseModel from, int[][] rows, LinearHead head, ulong seed, int threads)
        : base(rows)
    {
        _base = from;
        (Forward, var pooled) = from.WithPooling();
        head.Append(Forward, pooled);
        Plan = new TrainingPlan
        {
            Logits = LinearHead.Logits,
            Loss = LossKind.Softmax,
            Dropout = [.. DropoutTensors(Forward).Append(pooled).Select(tensor => new DropoutPlace(tensor, DropoutRate))],
            Optimizer = new Optimizer { Decay = 0.01, ClipNorm = 1 },
            Seed = seed,
            Threads = threads,
        };
    }

    public override ModelGraph Forward { get; }

    public override TrainingPlan Plan { get; }

    public override byte[] TokenizerFile => _base.TokenizerFile;

    public override int VocabularySize => _base.Tokenizer.VocabularySize;

    /// <summary>What a BERT drops in each layer: the results of dense layers that join a residual.</summary>
    private static IEnumerable<string> DropoutTensors(ModelGraph graph)
    {
        var producers = new Dictionary<string, ModelNode>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
        {
            foreach (var output in node.Outputs)
            {
                producers[output] = node;
            }
        }

        return graph.Nodes
            .Where(node => node.Operator == "Add" && node.Inputs.All(producers.ContainsKey))
            .SelectMany(node => node.Inputs)
            .Where(IsDense)
            .Distinct(StringComparer.Ordinal);

        // A product with weights, and biases added to it.
        bool IsDense(string tensor) => producers[tensor] is { Operator: "Add" } sum
            && sum.Inputs.Any(graph.Initializers.ContainsKey)
            && sum.Inputs.Any(input => producers.TryGetValue(input, out var product) && product.Operator == "MatMul"
                && product.Inputs.Any(graph.Initializers.ContainsKey));
    }
}
