namespace Tollgate.Contracts.Idempotency;

/// <summary>
/// Gateway ↔ Billing: answers of requests with an <c>Idempotency-Key</c>. <c>PUT</c> keeps one, <c>GET</c> finds it; the body is what the
/// gateway sealed, <c>application/octet-stream</c>, and <see cref="RequestId"/> names the request that was answered.
/// </summary>
public static class IdempotentAnswers
{
    /// <summary>Header of a <c>PUT</c> and of what a <c>GET</c> found: 32 hex digits.</summary>
    public const string RequestId = "x-tollgate-request-id";

    /// <summary>Largest answer that is kept, bytes. Of a larger one it is kept that there was one.</summary>
    public const int MostBytes = 256 * 1024;

    /// <summary>Largest body: the answer with what the gateway puts around it.</summary>
    public const int MostSealedBytes = MostBytes + 2048;

    /// <summary>How long an answer is found.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    /// <summary>
    /// Where an answer lies. <c>PUT</c>: 201 it is kept, 409 another one is, or its request was withdrawn. <c>GET</c>: 200, or 204 when
    /// there is none.
    /// </summary>
    /// <param name="keyHash">Hash of the idempotency key.</param>
    public static string Path(Guid organizationId, Guid keyId, byte[] keyHash) =>
        $"/internal/idempotency/{organizationId:N}/{keyId:N}/{Convert.ToHexStringLower(keyHash)}";

    /// <summary>
    /// <c>POST</c>, <see cref="RequestId"/> in its header, for a request that died while its answer was on its way: 200 its answer is
    /// kept, 204 it is not and never will be, however late its <c>PUT</c> comes.
    /// </summary>
    /// <inheritdoc cref="Path"/>
    public static string WithdrawalPath(Guid organizationId, Guid keyId, byte[] keyHash) =>
        Path(organizationId, keyId, keyHash) + "/withdrawal";
}
