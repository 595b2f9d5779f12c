using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>A run gave no answer.</summary>
internal sealed class TensorRunException(OpenAiError error, Exception? inner = null) : Exception(error.Message, inner)
{
    /// <summary>What the client reads.</summary>
    public OpenAiError Error => error;
}
