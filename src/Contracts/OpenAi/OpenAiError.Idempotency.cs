namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of requests with an <c>Idempotency-Key</c>.</summary>
public sealed partial record OpenAiError
{
    public static OpenAiError InvalidIdempotencyKey() => new(
        400,
        InvalidRequest,
        "invalid_idempotency_key",
        "Invalid 'Idempotency-Key' header: expected one value of 1 to 255 visible ASCII characters, without spaces.");

    /// <summary>Another request with the same key and body is still running. A retry returns its answer.</summary>
    public static OpenAiError IdempotencyInProgress(Guid requestId, TimeSpan retryAfter) => new(
        409,
        InvalidRequest,
        "idempotency_key_in_use",
        $"Request req_{requestId:N} with this Idempotency-Key is still running. Send the same request again to get its answer.")
    {
        RetryAfter = retryAfter,
        ShouldRetry = true,
    };

    /// <summary>The key was used with another route or body.</summary>
    public static OpenAiError IdempotencyMismatch(Guid requestId) => new(
        409,
        InvalidRequest,
        "idempotency_key_reused",
        $"This Idempotency-Key was used with a different request, req_{requestId:N}. Use a new key for a new request.")
    {
        ShouldRetry = false,
    };

    /// <summary>The request was answered and billed, but its answer was too large to store or could not be stored.</summary>
    public static OpenAiError IdempotencyAnswerGone(Guid requestId) => new(
        409,
        InvalidRequest,
        "idempotency_answer_not_kept",
        $"Request req_{requestId:N} with this Idempotency-Key was answered, but its answer was not kept. Nothing was charged for this one. "
            + "Use a new key to run it again.")
    {
        ShouldRetry = false,
    };

    /// <summary>Whether the key was used is unknown at the moment. Refuses rather than risk running the request twice.</summary>
    public static OpenAiError IdempotencyUnavailable(TimeSpan retryAfter) => new(
        503,
        Unavailable,
        "idempotency_unavailable",
        "It cannot be checked at the moment whether this Idempotency-Key was used before. Nothing was charged. Please try again later.")
    {
        RetryAfter = retryAfter,
    };
}
