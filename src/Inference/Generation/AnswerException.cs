using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Generation;

/// <summary>What a client wants its answer to be cannot be made a constraint. A constraint that throws it ends its request with that
/// error.</summary>
/// <param name="error">The answer to the client.</param>
internal sealed class AnswerException(OpenAiError error) : Exception(error.Message)
{
    public OpenAiError Error { get; } = error;
}
