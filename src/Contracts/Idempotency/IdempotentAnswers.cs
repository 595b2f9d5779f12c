namespace Tollgate.Contracts.Idempotency;

/// <summary>
/// Gateway ↔ Billing: answers of requests with an <c>Idempotency-Key</c>. <c>PUT</c> stores an answer, <c>GET</c> finds it. The body is
/// sealed by the gateway, <c>application/octet-stream</c>; <see cref="RequestId"/> names the answered request.
/// </summary>
public static class IdempotentAnswers
{
    /// <summary>Header of a <c>PUT</c> and of a found answer: 32 hex digits.</summary>
    public const string RequestId = "x-tollgate-request-id";

    /// <summary>Largest stored answer, bytes. For a larger answer, only the fact that it existed is stored.</summary>
    public const int MostBytes = 256 * 1024;

    /// <summary>Largest body, bytes: the answer plus the gateway's envelope.</summary>
    public const int MostSealedBytes = MostBytes + 2048;

    /// <summary>Time for which an answer can be found.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    /// <summary>
    /// Path of an answer. <c>PUT</c>: 201 when stored, 409 when another answer exists or the request was withdrawn. <c>GET</c>: 200, or
    /// 204 when there is none.
    /// </summary>
    /// <param name="keyHash">Hash of the idempotency key.</param>
    public static string Path(Guid organizationId, Guid keyId, byte[] keyHash) =>
        $"/internal/idempotency/{organizationId:N}/{keyId:N}/{Convert.ToHexStringLower(keyHash)}";

    /// <summary>
    /// Path to withdraw the answer of a request that died while its answer was on its way: <c>POST</c> with header <see
    /// cref="RequestId"/>. 200 when the answer is stored. 204 when it is not; a later <c>PUT</c> is then refused.
    /// </summary>
    /// <inheritdoc cref="Path"/>
    public static string WithdrawalPath(Guid organizationId, Guid keyId, byte[] keyHash) =>
        Path(organizationId, keyId, keyHash) + "/withdrawal";
}

/// <summary>Names the idempotency key that an answer belongs to.</summary>
/// <param name="KeyHash">The gateway's hash of the idempotency key.</param>
public sealed record AnswerName(Guid OrganizationId, Guid KeyId, byte[] KeyHash);
