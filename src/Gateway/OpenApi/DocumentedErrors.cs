using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.OpenApi;

/// <summary>The errors that a call can get, each made by the code that makes the real one. The document's statuses, examples and headers
/// derive from these lists.</summary>
internal static class DocumentedErrors
{
    private const string Key = "sk-tg-4f1c9a7e2b6d8c30-not-a-real-key-0000000000";
    private const string AdminKey = "sk-admin-4f1c9a7e2b6d8c30-not-a-real-key-0000000000";
    private const string Model = "tiny-assistant";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly Guid Request = new("0195aaaa-0000-7000-8000-000000000001");
    private static readonly LimitSubject Subject = new(LimitLevel.Key, "org-0195aaaa00007000800000000000000a", "ci");

    /// <summary>Errors of every call.</summary>
    public static IReadOnlyList<OpenAiError> OfEveryCall(string scope) =>
    [
        OpenAiError.MissingBearer(), OpenAiError.InvalidApiKey(Key), OpenAiError.ExpiredApiKey(Key), OpenAiError.DisabledApiKey(Key),
        OpenAiError.RevokedApiKey(Key), OpenAiError.ProjectArchived("Shop"), OpenAiError.NetworkNotAllowed("203.0.113.7"),
        OpenAiError.MissingScope(scope), OpenAiError.OrganizationSuspended(),
        OpenAiError.TooManyUnknownKeys(TimeSpan.FromSeconds(30)),
        OpenAiError.ServerError(),
        OpenAiError.AuthenticationUnavailable(Soon), OpenAiError.Overloaded(Soon),
    ];

    /// <summary>Errors of a call that another service answers.</summary>
    /// <param name="own">Errors of the endpoint itself.</param>
    /// <param name="counts">Whether the call counts against the limits of requests.</param>
    public static IReadOnlyList<OpenAiError> OfRelay(PublicEndpoint endpoint, bool counts, params IReadOnlyList<OpenAiError> own) =>
    [
        .. OfEveryCall(endpoint.Scope), OpenAiError.ServiceAway(endpoint.Label), .. own,
        .. counts
            ?
            [
                OpenAiError.RateLimitReached(
                    endpoint.Label, Subject, RateDimension.RequestsPerMinute, 60, 60, 1, TimeSpan.FromMilliseconds(400)),
            ]
            : (OpenAiError[])[],
    ];

    /// <summary>Errors of a call with an admin key.</summary>
    /// <param name="own">Errors of the operation itself.</param>
    public static IReadOnlyList<OpenAiError> OfAdminKey(PublicEndpoint endpoint, params IReadOnlyList<OpenAiError> own) =>
    [
        OpenAiError.MissingBearer(), OpenAiError.InvalidAdminKey(AdminKey),
        OpenAiError.AdminKeyEnded(AdminKey, "revoked_api_key", "was revoked"),
        OpenAiError.AdminKeyEnded(AdminKey, "expired_api_key", "has expired"), OpenAiError.AdminKeyNeeded(),
        OpenAiError.OrganizationSuspended(),
        OpenAiError.TooManyUnknownKeys(TimeSpan.FromSeconds(30)), OpenAiError.AdminRateLimitReached(600, Soon),
        OpenAiError.ServerError(), OpenAiError.AuthenticationUnavailable(Soon), OpenAiError.ServiceAway(endpoint.Label), .. own,
    ];

    /// <summary>Errors of a call that names a model in its path.</summary>
    public static IReadOnlyList<OpenAiError> OfModel(string scope) =>
    [
        .. OfEveryCall(scope), OpenAiError.ModelNotFound("no-such-model"), OpenAiError.ModelNotInProject("Shop", Model),
    ];

    /// <summary>Errors of a call that runs a model.</summary>
    /// <param name="prompt">The member with the prompt, such as <c>messages</c>.</param>
    public static IReadOnlyList<OpenAiError> OfInference(PublicEndpoint endpoint, string prompt) =>
    [
        .. OfModel(endpoint.Scope),
        OpenAiError.MalformedJson(0, 41), OpenAiError.MissingParameter(prompt), OpenAiError.InvalidType("model", "a string", "an integer"),
        OpenAiError.InvalidValue("model", "the name of a model", "''"), OpenAiError.UnknownParameter("temprature"),
        OpenAiError.DuplicateParameter("model"),
        OpenAiError.UnsupportedParameter("tools", "is not supported: tools and functions are not available here"),
        OpenAiError.ContextLengthExceeded(512, 700, 0, prompt), OpenAiError.InvalidIdempotencyKey(), OpenAiError.BodyIncomplete(),
        OpenAiError.ModelWithoutPrice(Model), OpenAiError.ModelNotForEndpoint(Model, endpoint.Path[1..]),
        OpenAiError.BodyTooSlow(),
        OpenAiError.IdempotencyInProgress(Request, Soon), OpenAiError.IdempotencyMismatch(Request),
        OpenAiError.IdempotencyAnswerGone(Request),
        OpenAiError.BodyTooLarge(4 * 1024 * 1024),
        OpenAiError.UnsupportedMediaType("text/plain"),
        OpenAiError.RateLimitReached(Model, Subject, RateDimension.TokensPerMinute, 60_000, 59_500, 900, TimeSpan.FromMilliseconds(400)),
        OpenAiError.RequestTooLarge(Model, Subject, RateDimension.TokensPerMinute, 60_000, 70_000),
        OpenAiError.SpendLimitExceeded(LimitLevel.Key, daily: true), OpenAiError.CreditBalanceExhausted(), OpenAiError.QueueTimeout(Soon),
        OpenAiError.AboveHold(), OpenAiError.TemplateFailed(Model),
        OpenAiError.UpstreamFailed(),
        OpenAiError.ModelUnavailable(Model, Soon), OpenAiError.ModelUnloaded(Model), OpenAiError.LedgerFrozen(Soon),
        OpenAiError.IdempotencyUnavailable(Soon),
        OpenAiError.ShuttingDown(),
        OpenAiError.UpstreamTimedOut(),
    ];
}
