using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Methods;

/// <summary>A layer that others have trained before, to go on from.</summary>
/// <param name="SquaresFactor">Half of this times the sum of the squared weights joins the mean loss.</param>
internal sealed record LayerStart(LinearHead Layer, float SquaresFactor);

/// <summary>A linear layer over the vectors of a frozen encoder.</summary>
internal sealed class HeadModel : ClassifierModel
{
    /// <summary>Strength of the L2 penalty: half of this times the sum of the squared weights, against the sum of the rows' losses.
    /// </summary>
    /// <remarks>1 / C of scikit-learn's logistic regression, with C = 0.003: the best of 0.003, 0.03 and 0.3 on inner parts of three
    /// divisions of the sentiment sentences.</remarks>
    private const float Penalty = 1 / 0.003f;

    private const string Input = "vectors";

    private readonly BaseModel _base;
    private readonly float[] _vectors;
    private readonly LinearHead _start;

    /// <param name="vectors">Of all rows, <c>[rows, width]</c>.</param>
    /// <param name="start">Null to begin with a layer of zeros that the training rows scale.</param>
    public HeadModel(BaseModel from, int[][] rows, float[] vectors, RowSet set, int threads, LayerStart? start = null)
        : base(rows)
    {
        (_base, _vectors) = (from, vectors);
        _start = start?.Layer ?? LinearHead.For(vectors, from.Width, set.Train, set.Names.Length);
        Forward = new ModelGraph();
        Forward.Inputs.Add(new GraphInput(Input, TensorElementType.Float, ["batch", (long)from.Width]));
        _start.Append(Forward, Input);
        Plan = new TrainingPlan
        {
            Logits = LinearHead.Logits,
            Loss = LossKind.Softmax,
            SquaresFactor = start?.SquaresFactor ?? Penalty / Math.Max(1, set.Train.Length),
            Threads = threads,
        };
    }

    public override ModelGraph Forward { get; }

    public override TrainingPlan Plan { get; }

    public override byte[] TokenizerFile => _base.TokenizerFile;

    public override int VocabularySize => _base.Tokenizer.VocabularySize;

    /// <summary>The vector of a row has one length.</summary>
    public override int LengthOf(int row) => 1;

    public override Dictionary<string, OnnxTensor> Inputs(IReadOnlyList<int> chosen, int length)
    {
        var numbers = new float[chosen.Count * _base.Width];
        for (var i = 0; i < chosen.Count; i++)
        {
            _vectors.AsSpan(chosen[i] * _base.Width, _base.Width).CopyTo(numbers.AsSpan(i * _base.Width));
        }

        return new(StringComparer.Ordinal) { [Input] = OnnxTensor.Of(numbers, chosen.Count, _base.Width) };
    }

    /// <summary>The layer as it is trained now.</summary>
    public LinearHead Layer(Trainer trainer) => _start.With(trainer);

    public override ModelGraph ToServed(Trainer trainer)
    {
        var (graph, pooled) = _base.WithPooling();
        Layer(trainer).Append(graph, pooled);
        return graph;
    }
}
