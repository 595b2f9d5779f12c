using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Admission;

/// <summary>Puts a refusal of the script into OpenAI's words.</summary>
internal static class AdmissionErrors
{
    /// <summary>When to try again if no better time is known.</summary>
    internal static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private const string NoModel = "requests";

    /// <summary>The error for a verdict that names one of the call's limits.</summary>
    /// <param name="model">The model's real name; null for a check.</param>
    public static OpenAiError Of(AdmissionReply reply, AdmissionCall call, string? model) => reply.Verdict switch
    {
        AdmissionVerdict.Bucket or AdmissionVerdict.TooLarge => OfBucket(reply, call, model ?? NoModel),
        AdmissionVerdict.Concurrency => OfConcurrency(call.Limits.Concurrency[reply.Binding], call.Caller, model ?? NoModel),
        AdmissionVerdict.Budget when call.Limits.Budgets[reply.Binding] is var budget =>
            OpenAiError.SpendLimitExceeded(budget.Level, budget.Daily),
        AdmissionVerdict.Frozen => OpenAiError.LedgerFrozen(Soon),
        AdmissionVerdict.Running => OpenAiError.IdempotencyInProgress(reply.ClaimedBy!.Value, Soon),
        AdmissionVerdict.Done => OpenAiError.IdempotencyAnswerGone(reply.ClaimedBy!.Value),
        AdmissionVerdict.Mismatch => OpenAiError.IdempotencyMismatch(reply.ClaimedBy!.Value),
        _ => OpenAiError.Overloaded(Soon),
    };

    private static OpenAiError OfBucket(AdmissionReply reply, AdmissionCall call, string model)
    {
        var bucket = call.Limits.Buckets[reply.Binding];
        var subject = Subject(bucket.Level, call.Caller);
        var requested = bucket.CountsTokens ? call.Tokens : call.Requests;
        if (reply.Verdict == AdmissionVerdict.TooLarge)
        {
            return OpenAiError.RequestTooLarge(model, subject, bucket.Dimension, bucket.Limit, requested);
        }

        // Rounded up, so that used + requested exceeds the limit in the message as it does in the bucket.
        var used = (reply.Used[reply.Binding] + bucket.WindowMs - 1) / bucket.WindowMs;
        return OpenAiError.RateLimitReached(
            model, subject, bucket.Dimension, bucket.Limit, used, requested, TimeSpan.FromMilliseconds(reply.RetryInMs));
    }

    private static OpenAiError OfConcurrency(ConcurrencyLimit limit, Caller caller, string model) => OpenAiError.RateLimitReached(
        model, Subject(limit.Level, caller), RateDimension.Concurrency, limit.Limit, limit.Limit, 1, Soon);

    private static LimitSubject Subject(LimitLevel level, Caller caller) => new(
        level,
        $"org-{caller.OrganizationId:N}",
        level switch
        {
            LimitLevel.Key => Contracts.Keys.ApiKeyText.Prefix + caller.Key.PublicId,
            LimitLevel.Project => $"proj_{caller.ProjectId:N}",
            _ => null,
        });
}
