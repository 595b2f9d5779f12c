using Tollgate.Inference.Graphs;
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
            Dropout = [.. EncoderDropout.Hidden(Forward).Append(pooled).Select(tensor => new DropoutPlace(tensor, DropoutRate))],
            Optimizer = new Optimizer { Decay = 0.01, ClipNorm = 1 },
            Seed = seed,
            Threads = threads,
        };
    }

    public override ModelGraph Forward { get; }

    public override TrainingPlan Plan { get; }

    public override byte[] TokenizerFile => _base.TokenizerFile;

    public override int VocabularySize => _base.Tokenizer.VocabularySize;
}
