using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tasks.Drawing;
using Tollgate.Inference.Tasks.Embeddings;

namespace Tollgate.Inference.Tasks;

/// <summary>The tasks that a worker serves.</summary>
internal static class ModelTasks
{
    /// <summary>One line a task.</summary>
    public static IReadOnlyList<IModelTask> All { get; } =
    [
        new ChatTask(),
        new EmbeddingTask(),
        new DrawingTask(),
    ];
}
