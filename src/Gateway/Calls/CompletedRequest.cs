using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Idempotency;

namespace Tollgate.Gateway.Calls;

/// <summary>A request as it is priced and forwarded.</summary>
/// <param name="Body">The bytes from which it was parsed.</param>
internal sealed record CompletedRequest(InferenceRequest Request, ReadOnlyMemory<byte> Body)
{
    /// <summary>Takes the end of its answer before that goes out; null for most requests.</summary>
    public AnswerKeeper? Keeper { get; init; }

    /// <summary>Takes the request to be run later, in place of running it; null for most requests.</summary>
    public RequestQueue? Queue { get; init; }
}

/// <summary>Completes a request that refers to what lies elsewhere, before it is priced: its size is that of the whole. The digest of its
/// <c>Idempotency-Key</c> is that of the client's body all the same.</summary>
/// <param name="requestId">Which its answer gets.</param>
/// <param name="request">As the client sent it.</param>
internal delegate ValueTask<OrRefusal<CompletedRequest>> RequestCompletion(
    Caller caller, Guid requestId, InferenceRequest request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);

/// <summary>Queues a request that was checked in full, and returns the answer: JSON. When it returns one, the request is durable.</summary>
/// <param name="caller">By the newest record of the key.</param>
/// <param name="body">As a worker would get it.</param>
/// <param name="idempotent">Null when it came without an <c>Idempotency-Key</c>.</param>
internal delegate Task<OrRefusal<byte[]>> RequestQueue(
    Caller caller, WorkerBody body, IdempotentRequest? idempotent, CancellationToken cancellationToken);

/// <summary>Keeps an answer for later requests, after it is paid and before its last bytes go out. Never throws.</summary>
/// <param name="last">The body, or of a stream what is still to go out.</param>
/// <returns>What goes out.</returns>
internal delegate ValueTask<ReadOnlyMemory<byte>> AnswerKeeper(ReadOnlyMemory<byte> last);
