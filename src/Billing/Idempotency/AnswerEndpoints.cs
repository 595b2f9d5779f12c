using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Jobs;
using Tollgate.Contracts.Idempotency;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Idempotency;

/// <summary>
/// Endpoints through which gateways keep and find the answers of requests with an <c>Idempotency-Key</c>; see <see
/// cref="IdempotentAnswers"/>.
/// </summary>
internal static class AnswerEndpoints
{
    private const int HashDigits = 64;

    public static IServiceCollection AddIdempotency(this IServiceCollection services)
    {
        services.AddSingleton<AnswerStore>();
        services.AddScheduledJob<AnswerPartitions>("retention of kept answers", "10 * * * *");
        return services;
    }

    public static IEndpointRouteBuilder MapIdempotency(this IEndpointRouteBuilder routes)
    {
        var answers = routes.MapInternal("/internal/idempotency/{organizationId:guid}/{keyId:guid}/{keyHash}", "gateway");
        answers.MapPut("", KeepAsync);
        answers.MapGet("", FindAsync);
        answers.MapPost("/withdrawal", WithdrawAsync);
        return routes;
    }

    internal static async Task<Results<Created, Conflict, BadRequest, StatusCodeHttpResult>> KeepAsync(
        Guid organizationId, Guid keyId, string keyHash, HttpRequest request, AnswerStore answers, CancellationToken cancellationToken)
    {
        if (!IsHash(keyHash) || request.ContentLength is not > 0
            || !Guid.TryParseExact(request.Headers[IdempotentAnswers.RequestId], "N", out var requestId))
        {
            return TypedResults.BadRequest();
        }

        if (request.ContentLength > IdempotentAnswers.MostSealedBytes)
        {
            return TypedResults.StatusCode(StatusCodes.Status413PayloadTooLarge);
        }

        var answer = new byte[request.ContentLength.Value];
        await request.Body.ReadExactlyAsync(answer, cancellationToken);
        return await answers.KeepAsync(Name(organizationId, keyId, keyHash), requestId, answer, cancellationToken)
            ? TypedResults.Created() : TypedResults.Conflict();
    }

    internal static async Task<Results<FileContentHttpResult, NoContent, BadRequest>> FindAsync(
        Guid organizationId, Guid keyId, string keyHash, HttpResponse response, AnswerStore answers, CancellationToken cancellationToken)
    {
        if (!IsHash(keyHash))
        {
            return TypedResults.BadRequest();
        }

        if (await answers.FindAsync(Name(organizationId, keyId, keyHash), cancellationToken) is not { } found)
        {
            return TypedResults.NoContent();
        }

        response.Headers[IdempotentAnswers.RequestId] = found.RequestId.ToString("N");
        return TypedResults.File(found.Sealed, "application/octet-stream");
    }

    internal static async Task<Results<Ok, NoContent, BadRequest>> WithdrawAsync(
        Guid organizationId, Guid keyId, string keyHash, HttpRequest request, AnswerStore answers, CancellationToken cancellationToken)
    {
        if (!IsHash(keyHash) || !Guid.TryParseExact(request.Headers[IdempotentAnswers.RequestId], "N", out var requestId))
        {
            return TypedResults.BadRequest();
        }

        return await answers.WithdrawAsync(Name(organizationId, keyId, keyHash), requestId, cancellationToken)
            ? TypedResults.Ok() : TypedResults.NoContent();
    }

    private static bool IsHash(string text) => text.Length == HashDigits && text.All(char.IsAsciiHexDigit);

    private static AnswerName Name(Guid organizationId, Guid keyId, string keyHash) =>
        new(organizationId, keyId, Convert.FromHexString(keyHash));
}
