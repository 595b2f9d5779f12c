using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Idempotency;

namespace Tollgate.Gateway.Pipeline;

/// <summary>What the preparation of a request came to: one of the records in it.</summary>
internal abstract record Preparation
{
    private Preparation()
    {
    }

    /// <summary>The request may ask for admission.</summary>
    /// <param name="Body">What is sent to the worker.</param>
    /// <param name="Idempotent">Null when it came without an <c>Idempotency-Key</c>.</param>
    public sealed record Ready(InferenceRequest Request, Demand Demand, WorkerBody Body, IdempotentRequest? Idempotent) : Preparation
    {
        /// <inheritdoc cref="CompletedRequest.Keeper"/>
        public AnswerKeeper? Keeper { get; init; }

        /// <summary>A copy for another version of the model; null for none.</summary>
        public ShadowCopy? Shadow { get; init; }

        /// <inheritdoc cref="CompletedRequest.Queue"/>
        public RequestQueue? Queue { get; init; }
    }

    /// <summary>The request was answered earlier under its <c>Idempotency-Key</c>.</summary>
    /// <param name="Access">What the key must allow, as if the request ran.</param>
    public sealed record Answered(StoredAnswer Answer, Access Access) : Preparation;

    /// <summary>The request cannot run.</summary>
    public sealed record Refused(OpenAiError Error) : Preparation;
}
