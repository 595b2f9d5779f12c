using Tollgate.Contracts.Idempotency;

namespace Tollgate.Gateway.Idempotency;

/// <summary>A request that came with an <c>Idempotency-Key</c>.</summary>
/// <param name="Names">Where its answer may lie: under each pepper, the one that is used now first.</param>
/// <param name="Digest">SHA-256 of route and body.</param>
/// <param name="Claim">What its admission claims.</param>
internal sealed record IdempotentRequest(IReadOnlyList<AnswerName> Names, byte[] Digest, IdempotencyClaim Claim);
