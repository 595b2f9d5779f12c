using System.Reflection;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class OpenAiErrorTests
{
    private static readonly LimitSubject Organization = new(LimitLevel.Organization, "org-1");
    private static readonly LimitSubject Project = new(LimitLevel.Project, "org-1", "proj_2");

    [Theory]
    [InlineData(RateDimension.RequestsPerMinute, 3, 3, 1, 20_000, "requests",
        "Rate limit reached for m in organization org-1 on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.")]
    [InlineData(RateDimension.TokensPerMinute, 50_000, 47_949, 3_006, 1146, "tokens",
        "Rate limit reached for m in organization org-1 on tokens per min (TPM): Limit 50000, Used 47949, Requested 3006. "
        + "Please try again in 1.146s.")]
    [InlineData(RateDimension.TokensPerDay, 200_000, 195_869, 4_412, 84, "tokens",
        "Rate limit reached for m in organization org-1 on tokens per day (TPD): Limit 200000, Used 195869, Requested 4412. "
        + "Please try again in 84ms.")]
    [InlineData(RateDimension.RequestsPerDay, 200, 200, 1, 432_000, "requests",
        "Rate limit reached for m in organization org-1 on requests per day (RPD): Limit 200, Used 200, Requested 1. "
        + "Please try again in 7m12s.")]
    [InlineData(RateDimension.Concurrency, 8, 8, 1, 1000, "requests",
        "Rate limit reached for m in organization org-1 on concurrent requests: Limit 8, Used 8, Requested 1. Please try again in 1s.")]
    public void RateLimitReached_speaks_as_OpenAI_does(
        RateDimension dimension, long limit, long used, long requested, int waitMs, string type, string message)
    {
        var wait = TimeSpan.FromMilliseconds(waitMs);

        var error = OpenAiError.RateLimitReached("m", Organization, dimension, limit, used, requested, wait);

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal((429, type, "rate_limit_exceeded", null), (error.Status, error.Type, error.Code, error.Param));
        Assert.Equal(wait, error.RetryAfter);
        Assert.Null(error.ShouldRetry);
    }

    [Fact]
    public void RateLimitReached_names_the_project_or_the_key_that_is_bound()
    {
        var key = new LimitSubject(LimitLevel.Key, "org-1", "sk-tg-abc");

        var ofProject = OpenAiError.RateLimitReached("m", Project, RateDimension.TokensPerMinute, 1, 1, 1, TimeSpan.Zero);
        var ofKey = OpenAiError.RateLimitReached("m", key, RateDimension.RequestsPerDay, 1, 1, 1, TimeSpan.Zero);

        Assert.StartsWith(
            "Rate limit reached for m in project proj_2 organization org-1 on tokens", ofProject.Message, StringComparison.Ordinal);
        Assert.Contains("try again in 1ms.", ofProject.Message, StringComparison.Ordinal);
        Assert.Equal("project.tpm", ofProject.BindingLimit);
        Assert.StartsWith(
            "Rate limit reached for m in key sk-tg-abc organization org-1 on requests", ofKey.Message, StringComparison.Ordinal);
        Assert.Equal("key.rpd", ofKey.BindingLimit);
    }

    [Fact]
    public void RequestTooLarge_asks_for_no_retry()
    {
        var error = OpenAiError.RequestTooLarge("m", Organization, RateDimension.TokensPerMinute, 200_000, 480_002);

        Assert.StartsWith(
            "Request too large for m in organization org-1 on tokens per min (TPM): Limit 200000, Requested 480002. "
            + "The input or output tokens must be reduced in order to run successfully.",
            error.Message,
            StringComparison.Ordinal);
        Assert.Equal((429, "tokens", false, null), (error.Status, error.Type, error.ShouldRetry, error.RetryAfter));
    }

    [Theory]
    [InlineData(LimitLevel.Key, true, "api_key_spend_limit_exceeded", "key.budget_day")]
    [InlineData(LimitLevel.Project, false, "project_spend_limit_exceeded", "project.budget_month")]
    [InlineData(LimitLevel.Organization, false, "organization_spend_limit_exceeded", "organization.budget_month")]
    public void SpendLimitExceeded_names_the_level_and_asks_for_no_retry(LimitLevel level, bool daily, string code, string binding)
    {
        var error = OpenAiError.SpendLimitExceeded(level, daily);

        Assert.Equal((429, "insufficient_quota", code, false), (error.Status, error.Type, error.Code, error.ShouldRetry));
        Assert.Equal(binding, error.BindingLimit);
    }

    [Fact]
    public void Refusals_that_a_retry_cannot_cure_say_so()
    {
        Assert.Equal((429, "credit_balance_exhausted", false), Shape(OpenAiError.CreditBalanceExhausted()));
        Assert.Equal((409, "idempotency_key_reused", false), Shape(OpenAiError.IdempotencyMismatch(Guid.Empty)));
        Assert.Equal((409, "idempotency_answer_not_kept", false), Shape(OpenAiError.IdempotencyAnswerGone(Guid.Empty)));
        Assert.Equal(
            (409, "idempotency_key_in_use", true), Shape(OpenAiError.IdempotencyInProgress(Guid.Empty, TimeSpan.FromSeconds(1))));
        Assert.Equal((503, "idempotency_unavailable", null), Shape(OpenAiError.IdempotencyUnavailable(TimeSpan.FromSeconds(1))));
        Assert.Equal((503, "ledger_unavailable", null), Shape(OpenAiError.LedgerFrozen(TimeSpan.FromSeconds(1))));
        Assert.Equal((503, "server_is_overloaded", null), Shape(OpenAiError.Overloaded(TimeSpan.FromSeconds(1))));
    }

    [Fact]
    public void No_error_of_a_key_shows_it_whole()
    {
        var (_, secret, key) = ApiKeyText.Create();

        foreach (var text in new[] { key, "sk-x", "0123456789abcdef", "not-a-recognized-key" })
        {
            foreach (var error in new[]
            {
                OpenAiError.InvalidApiKey(text), OpenAiError.ExpiredApiKey(text),
                OpenAiError.DisabledApiKey(text), OpenAiError.RevokedApiKey(text),
            })
            {
                Assert.Equal(401, error.Status);
                Assert.DoesNotContain(text, error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(secret, error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void UnknownUrl_repeats_method_and_path() =>
        Assert.StartsWith(
            "Unknown request URL: GET /v1/x. Please check the URL for typos, ",
            OpenAiError.UnknownUrl("GET", "/v1/x").Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(0, "This model's maximum context length is 512 tokens. However, your messages resulted in 600 tokens. "
        + "Please reduce the length of the messages.")]
    [InlineData(40, "This model's maximum context length is 512 tokens. However, you requested 640 tokens (600 in the messages, "
        + "40 in the completion). Please reduce the length of the messages or completion.")]
    public void ContextLengthExceeded_adds_up(long completion, string message)
    {
        var error = OpenAiError.ContextLengthExceeded(512, 600, completion, "messages");

        Assert.Equal((400, "context_length_exceeded", "messages", message), (error.Status, error.Code, error.Param, error.Message));
    }

    [Fact]
    public void ToJson_writes_all_four_members_and_readable_text()
    {
        var json = Encoding.UTF8.GetString(OpenAiError.ModelNotFound("模型'\"\u0001").ToJson());

        Assert.Equal(
            """{"error":{"message":"The model '模型'\"\u0001' does not exist or you do not have access to it.","""
            + "\"type\":\"invalid_request_error\",\"param\":\"model\",\"code\":\"model_not_found\"}}",
            json);
        Assert.Contains(@"\uFFFD", Encoding.UTF8.GetString(OpenAiError.ModelNotFound("x\ud800").ToJson()), StringComparison.Ordinal);
        Assert.Contains(
            "\"param\":null,\"code\":null", Encoding.UTF8.GetString(OpenAiError.ServerError().ToJson()), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_factory_makes_a_complete_error()
    {
        var factories = typeof(OpenAiError).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Where(method => method.ReturnType == typeof(OpenAiError) && method.GetParameters().All(p => !p.ParameterType.IsByRefLike))
            .ToArray();

        Assert.True(factories.Length > 30);
        foreach (var factory in factories)
        {
            var arguments = factory.GetParameters().Select(p => p.Name == "message" ? "What the caller says."
                : p.ParameterType == typeof(string) ? "x"
                : Activator.CreateInstance(Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType)).ToArray();
            var error = (OpenAiError)factory.Invoke(null, arguments)!;

            Assert.InRange(error.Status, 400, 504);
            Assert.InRange(error.Message.Length, 10, 400);
            using var json = JsonDocument.Parse(error.ToJson());
            Assert.Equal(error.Message, json.RootElement.GetProperty("error").GetProperty("message").GetString());
        }
    }

    private static (int Status, string? Code, bool? ShouldRetry) Shape(OpenAiError error) => (error.Status, error.Code, error.ShouldRetry);

    /// <summary>Whatever a message says of the portal names a page that is in its menu: see <see cref="PortalPages"/>.</summary>
    [Fact]
    public void Messages_name_only_pages_of_the_portal_that_exist()
    {
        var subject = new LimitSubject(LimitLevel.Key, "org-1", "sk-tg-1");
        OpenAiError[] errors =
        [
            OpenAiError.InvalidApiKey("sk-tg-x"), OpenAiError.ExpiredApiKey("sk-tg-x"), OpenAiError.DisabledApiKey("sk-tg-x"),
            OpenAiError.RevokedApiKey("sk-tg-x"), OpenAiError.MissingScope("chat.completions"), OpenAiError.OrganizationSuspended(),
            OpenAiError.ProjectArchived("Shop"), OpenAiError.ModelNotInProject("Shop", "m"),
            OpenAiError.CreditBalanceExhausted(), OpenAiError.ResponsesNotKept(),
            .. Enum.GetValues<LimitLevel>().SelectMany(level => new[]
            {
                OpenAiError.RateLimitReached(
                    "m", subject with { Level = level }, RateDimension.RequestsPerMinute, 3, 3, 1, TimeSpan.FromSeconds(20)),
                OpenAiError.RequestTooLarge("m", subject with { Level = level }, RateDimension.TokensPerMinute, 3, 4),
                OpenAiError.SpendLimitExceeded(level, daily: true),
            }),
        ];

        Assert.All(
            errors.Where(error => error.Message.Contains("portal", StringComparison.Ordinal)),
            error => Assert.Contains(
                PortalPages.Paths.Keys, page => error.Message.Contains($" on the {page} page of the portal", StringComparison.Ordinal)));
        Assert.All(errors, error => Assert.DoesNotContain("Visit", error.Message, StringComparison.Ordinal));
    }
}
