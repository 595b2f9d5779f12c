namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of responses that are kept.</summary>
public sealed partial record OpenAiError
{
    /// <summary>The key's project keeps no response of the id: there was none, it was deleted, or its time is over. Another project's
    /// response looks the same.</summary>
    public static OpenAiError ResponseNotFound(string id) =>
        new(404, InvalidRequest, null, $"Response with id '{Shorten(id)}' not found.");

    /// <summary>A conversation cannot go on, because the project does not keep this response of it any more, or never did.</summary>
    public static OpenAiError PreviousResponseNotFound(string id) => new(
        404, InvalidRequest, "previous_response_not_found", $"Previous response with id '{Shorten(id)}' not found.",
        "previous_response_id");

    /// <summary>A conversation has become too long to go on.</summary>
    /// <param name="id">Its last response.</param>
    /// <param name="responses">Most responses.</param>
    /// <param name="bytes">Most bytes of all items.</param>
    public static OpenAiError ConversationTooLong(string id, int responses, long bytes) => new(
        400, InvalidRequest, "conversation_too_long",
        $"Invalid value for 'previous_response_id': the conversation of {Shorten(id)} has more than {responses} responses "
        + $"(Responses:MaxConversationResponses) or more than {bytes} bytes of items (Responses:MaxConversationBytes). Begin a new one, "
        + "and send what matters of this one in 'input'.", "previous_response_id");

    /// <summary>What is kept of a response does not open.</summary>
    public static OpenAiError ResponseDamaged() => new(
        500, ServerFault, "response_damaged",
        "The stored content of this response is damaged, and none of it was sent. Ask the operator of this service.")
    {
        ShouldRetry = false,
    };

    /// <summary>A response that did not run in the background cannot be cancelled: it has ended.</summary>
    public static OpenAiError ResponseNotCancellable() =>
        new(400, InvalidRequest, null, "Cannot cancel a synchronous response.");

    /// <summary>A response that waits, runs, failed or was cancelled has no answer with which a conversation could go on.</summary>
    /// <param name="status">Such as <c>queued</c>.</param>
    public static OpenAiError PreviousResponseNotCompleted(string id, string status) => new(
        400, InvalidRequest, "previous_response_not_completed",
        $"Invalid value for 'previous_response_id': response {Shorten(id)} is {status}; a conversation goes on from one that is completed "
        + "or incomplete.", "previous_response_id");

    /// <summary>The organization has as many responses in the background as it may that have not ended.</summary>
    public static OpenAiError TooManyBackgroundResponses(int limit) => new(
        429, "requests", "too_many_background_responses",
        $"The organization has {limit} responses in the background that have not ended, the most that it may (Background:MaxQueued). "
        + "Wait for one of them, or cancel one.", "background")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        BindingLimit = "organization.background_responses",
    };

    /// <summary>A response in the background got no answer in the time that it may wait.</summary>
    public static OpenAiError BackgroundTimedOut() => new(
        503, ServerFault, "server_error", "The response could not be run in the time that it may wait (Background:Patience).");

    /// <summary>The key's project keeps no responses, so that one in the background could not be read.</summary>
    public static OpenAiError BackgroundNotKept() => new(
        400, InvalidRequest, "unsupported_value",
        "Unsupported value: 'background' does not support true here: the project keeps no responses, and one in the background is read by "
        + $"its id. Leave 'background' out, or allow responses to be kept on the {PortalPages.Privacy} page of the portal.", "background");

    /// <summary>An idempotency key was used with another request that made a response in the background.</summary>
    public static OpenAiError BackgroundKeyReused(string id) => new(
        409, InvalidRequest, "idempotency_key_reused",
        $"This Idempotency-Key was used for another request, which made {Shorten(id)}. Use a new key for a new request.")
    {
        ShouldRetry = false,
    };

    /// <summary>The key's project does not allow responses to be kept.</summary>
    public static OpenAiError ResponsesNotKept() => new(
        400, InvalidRequest, "unsupported_value",
        "Unsupported value: 'store' does not support true here: the project keeps no responses. Leave 'store' out, or allow it on the "
        + $"{PortalPages.Privacy} page of the portal.", "store");

    /// <summary>The organization keeps as much as it may.</summary>
    /// <param name="responses">Most responses.</param>
    /// <param name="bytes">Most bytes together.</param>
    public static OpenAiError ResponseStorageFull(long responses, long bytes) => new(
        400, InvalidRequest, "response_storage_full",
        $"Invalid value for 'store': the organization may keep {responses} responses (Responses:MaxResponses) with {bytes} bytes together "
        + "(Responses:MaxTotalBytes), and has no room for another one. Delete responses, or send store: false.", "store")
    {
        BindingLimit = "organization.responses",
    };
}
