using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Steps;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Methods;

/// <summary>Embedding, LSTM, dropout and a dense layer, from random weights.</summary>
/// <remarks>A worker pads rows behind. The state after the last token is that of a row which is padded in front and whose padding is
/// masked: the state stays 0 until the first token.</remarks>
internal sealed class LstmClassifier : ClassifierModel
{
    private const int Width = 64;
    private const int Hidden = 64;
    private const float WordDropout = 0.3f;
    private const float StateDropout = 0.4f;
    private const double LargestWord = 0.05;

    private readonly WordVocabulary _vocabulary;

    public LstmClassifier(WordVocabulary vocabulary, int[][] rows, int labels, ulong seed, int threads)
        : base(rows)
    {
        _vocabulary = vocabulary;
        var random = new SeededRandom(seed);
        var graph = new ModelGraph();
        graph.Inputs.Add(new GraphInput(TokenInputs.Ids, TensorElementType.Int64, ["batch", "tokens"]));
        graph.Inputs.Add(new GraphInput(TokenInputs.Mask, TensorElementType.Int64, ["batch", "tokens"]));
        string Weights(string name, double bound, params long[] shape)
        {
            graph.Initializers[name] = OnnxTensor.Of(
                RandomWeights.Even(random, shape.Aggregate(1L, (count, size) => count * size), bound), shape);
            return name;
        }

        var table = Weights("embedding", LargestWord, vocabulary.Size, Width);
        var words = graph.Add("Gather", [table, TokenInputs.Ids]);
        var turned = graph.Add("Transpose", [words], ("perm", new long[] { 1, 0, 2 }));
        var states = graph.Add(
            "LSTM", "", 3,
            [
                turned, Weights("lstm.inputs", Math.Sqrt(6.0 / (Width + Hidden)), 1, 4 * Hidden, Width),
                Weights("lstm.states", 1 / Math.Sqrt(Hidden), 1, 4 * Hidden, Hidden), Biases(graph),
            ],
            ("hidden_size", Hidden))[0];
        var all = graph.Add("Transpose", [graph.Add("Squeeze", [states, graph.Wholes(1)])], ("perm", new long[] { 1, 0, 2 }));
        var last = TokenPooling.Last(graph, all, TokenInputs.Mask);
        LinearHead.Random(Hidden, labels, random).Append(graph, last);
        Forward = graph;
        Plan = new TrainingPlan
        {
            Logits = LinearHead.Logits,
            Loss = LossKind.Softmax,
            Dropout = [new DropoutPlace(words, WordDropout), new DropoutPlace(last, StateDropout)],
            Optimizer = new Optimizer { ClipNorm = 1, Epsilon = 1e-7 },
            Seed = seed,
            Threads = threads,
        };
    }

    public override ModelGraph Forward { get; }

    public override TrainingPlan Plan { get; }

    public override int Bucket => 4;

    public override byte[] TokenizerFile => _vocabulary.ToTokenizerFile();

    public override int VocabularySize => _vocabulary.Size;

    /// <summary>Zeros, but ones for the forget gates: the cell keeps what it has until it learns otherwise.</summary>
    private static string Biases(ModelGraph graph)
    {
        var biases = new float[8 * Hidden];
        biases.AsSpan(2 * Hidden, Hidden).Fill(1); // Gates in ONNX's order: input, output, forget, cell.
        graph.Initializers["lstm.biases"] = OnnxTensor.Of(biases, 1, 8 * Hidden);
        return "lstm.biases";
    }
}
