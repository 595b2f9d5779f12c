using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Methods;

/// <summary>A classifier as one method trains it.</summary>
/// <param name="rows">Tokens of each row of the run.</param>
internal abstract class ClassifierModel(int[][] rows)
{
    /// <summary>Tokens of each row, the frame included.</summary>
    public int[][] Rows => rows;

    /// <summary>The graph that is trained; its output is <see cref="LinearHead.Logits"/>.</summary>
    public abstract ModelGraph Forward { get; }

    public abstract TrainingPlan Plan { get; }

    /// <summary>Lengths of padded rows are multiples of this.</summary>
    public virtual int Bucket => 8;

    /// <summary>The <c>tokenizer.json</c> that makes the rows.</summary>
    public abstract byte[] TokenizerFile { get; }

    /// <summary>Ids that the graph knows.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>How long a row counts when batches are made.</summary>
    public virtual int LengthOf(int row) => Rows[row].Length;

    /// <summary>The inputs of <see cref="Forward"/> for some rows.</summary>
    public virtual Dictionary<string, OnnxTensor> Inputs(IReadOnlyList<int> chosen, int length) =>
        TokenInputs.Of(Forward.Inputs, [.. chosen.Select(row => Rows[row])], length);

    /// <summary>The graph that a worker serves, from token ids and mask to logits.</summary>
    public virtual ModelGraph ToServed(Trainer trainer) => trainer.Export();
}
