namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of the connection rather than of the request's content.</summary>
public sealed partial record OpenAiError
{
    /// <summary>The client stopped sending, or sent too slowly.</summary>
    public static OpenAiError BodyTooSlow() => new(408, InvalidRequest, "request_timeout", "The request body did not arrive in time.");

    /// <summary>The body ended early, or its framing is invalid.</summary>
    public static OpenAiError BodyIncomplete() =>
        new(400, InvalidRequest, "incomplete_body", "The request body ended before it was complete.");

    /// <summary>The gateway is stopping and cannot wait for this answer any longer.</summary>
    public static OpenAiError ShuttingDown() => new(
        503, Unavailable, "server_shutting_down", "The server is being restarted and could not finish this answer. Please try again.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };
}
