using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tasks.Classification;
using Tollgate.Inference.Tasks.Detection;
using Tollgate.Inference.Tasks.Drawing;
using Tollgate.Inference.Tasks.Embeddings;
using Tollgate.Inference.Tasks.ImageClassification;
using Tollgate.Inference.Tasks.Ocr;
using Tollgate.Inference.Tasks.Rerank;
using Tollgate.Inference.Tasks.Tensors;
using Tollgate.Inference.Tasks.Transcription;

namespace Tollgate.Inference.Tasks;

/// <summary>The tasks that a worker serves.</summary>
internal static class ModelTasks
{
    /// <summary>One line a task.</summary>
    public static IReadOnlyList<IModelTask> All { get; } =
    [
        new ChatTask(),
        new RerankTask(), // Before embeddings, as the next: they take ONNX files by what lies beside them.
        new ClassificationTask(),
        new EmbeddingTask(),
        new ImageClassificationTask(),
        new DetectionTask(), // After image classification: it takes what is left of TF.js models.
        new OcrTask(),
        new TranscriptionTask(),
        new DrawingTask(),
        new TensorsTask(), // Last: it takes every graph.
    ];
}
