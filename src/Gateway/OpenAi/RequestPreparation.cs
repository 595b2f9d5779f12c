using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Pricing;

namespace Tollgate.Gateway.OpenAi;

/// <summary>A request that may ask for admission.</summary>
/// <param name="Body">What is sent to the worker.</param>
/// <param name="Idempotent">Null when it came without an <c>Idempotency-Key</c>.</param>
internal sealed record PreparedRequest(InferenceRequest Request, Demand Demand, byte[] Body, IdempotentRequest? Idempotent);

/// <summary>A request that was answered earlier under its <c>Idempotency-Key</c>.</summary>
/// <param name="Access">What the key must allow, as if it ran.</param>
internal sealed record EarlierAnswer(StoredAnswer Answer, Access Access);

/// <summary>Everything before the admission: read and parse the body, resolve the model, look for an earlier answer, find the price.</summary>
internal sealed class RequestPreparation(
    FrontDoor door, ModelDirectory models, PriceBook prices, IdempotencyDesk idempotency, IOptions<OpenAiOptions> options)
{
    /// <summary>Exactly one of the three is set.</summary>
    /// <param name="engine">The model in the path, or null.</param>
    public async Task<(PreparedRequest? Prepared, EarlierAnswer? Earlier, OpenAiError? Refusal)> PrepareAsync(
        HttpContext context, Caller caller, InferenceRoute route, string? engine)
    {
        var (key, invalidKey) = IdempotencyDesk.ReadKey(context.Request);
        if (invalidKey is not null)
        {
            return (null, null, invalidKey);
        }

        var (body, unreadable) = await ReadAsync(context);
        if (unreadable is not null)
        {
            return (null, null, unreadable);
        }

        using (body)
        {
            if (!route.TryParse(body!.Bytes, engine, out var request, out var invalid))
            {
                return (null, null, invalid);
            }

            if ((models.Resolve(request.Model, caller) ?? await ResolveAnewAsync(request.Model, caller)) is not { } model)
            {
                return (null, null, OpenAiError.ModelNotFound(OpenAiErrorResult.Quotable(request.Model)));
            }

            var asked = key is null ? null : idempotency.Identify(key, caller, route, engine, body.Bytes.Span);
            if (asked is not null && await idempotency.RecallAsync(asked) is var recalled && recalled != default)
            {
                return recalled.Answer is null
                    ? (null, null, recalled.Error)
                    : (null, new EarlierAnswer(recalled.Answer, new Access(route.Scope, request.Model, model.Model)), null);
            }

            var (prepared, refusal) = Prepare(caller, route, request, model, body.Bytes, asked);
            return (prepared, null, refusal);
        }
    }

    /// <summary>What memory holds of a restricted key may be old: the model may have been allowed since.</summary>
    private async Task<ResolvedModel?> ResolveAnewAsync(string model, Caller caller) =>
        caller.Key is { ModelsAllowed: null, ModelsDenied: null } ? null : models.Resolve(model, await door.RenewAsync(caller));

    /// <summary>Exactly one of the two is null.</summary>
    private (PreparedRequest? Prepared, OpenAiError? Refusal) Prepare(
        Caller caller, InferenceRoute route, InferenceRequest request, ResolvedModel model, ReadOnlyMemory<byte> body,
        IdempotentRequest? asked)
    {
        if (model.Card is not { } card)
        {
            return (null, OpenAiError.ModelUnavailable(model.Model, TimeSpan.FromSeconds(1)));
        }

        if (card.Task != route.Task)
        {
            return (null, OpenAiError.ModelNotForEndpoint(model.Model, route.WorkerPath));
        }

        if (request.MaxOutput > card.ContextLength)
        {
            return (null, OpenAiError.OutputCapTooLarge(CapMember(body.Span, request), request.MaxOutput.Value, card.ContextLength));
        }

        if (prices.InForce(model.Model, caller.OrganizationId) is not { } price)
        {
            return (null, OpenAiError.ModelWithoutPrice(model.Model));
        }

        var rewritten = request.Rewrite(body, model.Model, DemandCalculation.OutputCap(request, card));
        return (new PreparedRequest(request, DemandCalculation.Calculate(request, card, price), rewritten, asked), null);
    }

    /// <summary>Reads the body within the configured limit. Exactly one of the two is null.</summary>
    private async Task<(RequestBody? Body, OpenAiError? Error)> ReadAsync(HttpContext context)
    {
        try
        {
            return await RequestBody.ReadAsync(context, options.Value.MaxBodyBytes);
        }
        catch (BadHttpRequestException exception)
        {
            return (null, RequestBody.ToError(exception, options.Value.MaxBodyBytes));
        }
    }

    /// <summary>Which of its two names the client gave the output cap.</summary>
    private static string CapMember(ReadOnlySpan<byte> body, InferenceRequest request) =>
        body[..request.Edits.MaxTokens.Start].TrimEnd(" \t\r\n:"u8).EndsWith("max_completion_tokens\""u8)
            ? "max_completion_tokens" : "max_tokens";
}
