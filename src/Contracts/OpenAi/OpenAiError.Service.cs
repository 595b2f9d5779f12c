namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors that the client did not cause. Messages do not name the failed component; the log does.</summary>
public sealed partial record OpenAiError
{
    /// <summary>The code of <see cref="Overloaded"/>.</summary>
    public const string OverloadedCode = "server_is_overloaded";

    /// <summary>The code of <see cref="ModelNotLoaded"/>.</summary>
    public const string ModelNotLoadedCode = "model_not_loaded";

    private const string ServerFault = "server_error";
    private const string Unavailable = "service_unavailable_error";

    public static OpenAiError ServerError() => new(
        500, ServerFault, null, "The server had an error while processing your request. Sorry about that! Please try again.");

    /// <summary>No worker has a free slot, or a component required for admission is down.</summary>
    public static OpenAiError Overloaded(TimeSpan retryAfter) => new(
        503, Unavailable, OverloadedCode, "The server is overloaded or not ready yet. Please try again later.")
    {
        RetryAfter = retryAfter,
    };

    /// <summary>No worker with the model is up.</summary>
    public static OpenAiError ModelUnavailable(string model, TimeSpan retryAfter) => new(
        503, Unavailable, "model_unavailable", $"The model '{Shorten(model)}' is not available at the moment. Please try again later.")
    {
        RetryAfter = retryAfter,
    };

    /// <summary>A worker does not have the version that was asked for, and cannot load it now. Another one may: a gateway asks there, and
    /// answers as if no worker had the model.</summary>
    public static OpenAiError ModelNotLoaded(TimeSpan retryAfter) => new(
        503, Unavailable, ModelNotLoadedCode, "This worker does not have the model in memory and cannot load it now.")
    {
        RetryAfter = retryAfter,
    };

    /// <summary>The operator took the model out of service. A retry gets the same answer until the operator loads it again.</summary>
    public static OpenAiError ModelUnloaded(string model) => new(
        503, Unavailable, "model_unloaded", $"The model '{Shorten(model)}' was unloaded by the operator of this service.")
    {
        ShouldRetry = false,
    };

    /// <summary>The organization's money is being counted after a failure. Must not look like a lack of credit.</summary>
    public static OpenAiError LedgerFrozen(TimeSpan retryAfter) => new(
        503,
        Unavailable,
        "ledger_unavailable",
        "Your balance is being verified and will be back shortly. Nothing was charged. Please try again later.")
    {
        RetryAfter = retryAfter,
    };

    /// <summary>The key could not be looked up; it may be valid.</summary>
    public static OpenAiError AuthenticationUnavailable(TimeSpan retryAfter) => new(
        503, Unavailable, "authentication_unavailable", "Your API key cannot be verified at the moment. Please try again later.")
    {
        RetryAfter = retryAfter,
    };

    /// <summary>The worker counted more tokens than money was reserved for; it ran nothing.</summary>
    public static OpenAiError AboveHold() => new(
        500, ServerFault, "hold_exceeded",
        "The server reserved too little for this request and did not run it. Nothing was charged. Please try again later.");

    /// <summary>The model's own chat template failed on valid messages.</summary>
    public static OpenAiError TemplateFailed(string model) => new(
        500, ServerFault, "template_failed",
        $"The chat template of the model '{Shorten(model)}' failed on these messages. Nothing was charged.")
    {
        ShouldRetry = false,
    };

    /// <summary>The model's output is no answer, such as a score that is not a number.</summary>
    public static OpenAiError ModelFailed(string model) => new(
        500, ServerFault, "model_failed", $"The model '{Shorten(model)}' gave no usable answer to this input. Nothing was charged.")
    {
        ShouldRetry = false,
    };

    /// <summary>The worker's answer was invalid or broke off.</summary>
    public static OpenAiError UpstreamFailed() => new(
        502, ServerFault, "upstream_error", "The model's server failed while processing your request. Please try again.");

    /// <summary>The worker did not answer in time.</summary>
    public static OpenAiError UpstreamTimedOut() => new(
        504, ServerFault, "upstream_timeout", "The model's server did not answer in time. Please try again.");
}
