using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Pricing;

namespace Tollgate.Gateway.OpenAi;

/// <summary>
/// The one way for every request that runs a model: authenticate, check the scope, read and parse the body, resolve model and price,
/// admit, forward,
/// settle. Past authentication each request meets the admission exactly once, also when it is refused for something else.
/// </summary>
internal sealed class InferencePipeline(
    FrontDoor door, AdmissionControl admission, ModelDirectory models, PriceBook prices, Forwarder forwarder, RequestReading reading)
{
    public async Task RunAsync(HttpContext context, InferenceRoute route, string? engine)
    {
        var call = ApiCall.Of(context);
        call.ShowsLimits = true;
        if (await door.EnterAsync(context, call, route.Scope) is not { } caller)
        {
            return;
        }

        var (prepared, refusal) = await PrepareAsync(context, caller, route, engine);
        if (refusal is not null)
        {
            await door.RefuseAsync(context, call, caller, refusal);
            return;
        }

        (call.Model, call.Streamed) = (prepared!.Demand.Model, prepared.Demand.Streamed);

        // Not bound to the client's connection: an admission that is under way ends with a
        // ticket or without, never unknown because somebody hung up.
        var admitted = await admission.AdmitAsync(caller, call.RequestId, prepared.Demand, CancellationToken.None);
        call.Limits = admitted.Limits;
        if (admitted.Ticket is null)
        {
            await OpenAiErrorResult.WriteAsync(context, admitted.Refusal ?? OpenAiError.ServerError());
            return;
        }

        using var ticket = admitted.Ticket;
        var running = new RunningRequest(context, call, ticket, route, prepared.Request, prepared.Demand.Model, prepared.Body);
        if (await forwarder.ForwardAsync(running) is { } error)
        {
            await OpenAiErrorResult.WriteAsync(context, error);
        }
    }

    /// <summary>Everything before the admission. Exactly one of the two is null.</summary>
    private async Task<(Prepared? Prepared, OpenAiError? Refusal)> PrepareAsync(
        HttpContext context, Caller caller, InferenceRoute route, string? engine)
    {
        var (body, unreadable) = await reading.ReadAsync(context);
        if (unreadable is not null)
        {
            return (null, unreadable);
        }

        using (body)
        {
            if (!route.TryParse(body!.Bytes, engine, out var request, out var invalid))
            {
                return (null, invalid);
            }

            if ((models.Resolve(request.Model, caller) ?? await ResolveAnewAsync(request.Model, caller)) is not { } model)
            {
                return (null, OpenAiError.ModelNotFound(OpenAiErrorResult.Quotable(request.Model)));
            }

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
                return (
                    null, OpenAiError.OutputCapTooLarge(CapMember(body.Bytes.Span, request), request.MaxOutput.Value, card.ContextLength));
            }

            if (prices.InForce(model.Model, caller.OrganizationId) is not { } price)
            {
                return (null, OpenAiError.ModelWithoutPrice(model.Model));
            }

            var rewritten = request.Rewrite(body.Bytes, model.Model, DemandCalculation.OutputCap(request, card));
            return (new Prepared(request, DemandCalculation.Calculate(request, card, price), rewritten), null);
        }
    }

    /// <summary>What memory holds of a restricted key may be old: the model may have been allowed since.</summary>
    private async Task<ResolvedModel?> ResolveAnewAsync(string model, Caller caller) =>
        caller.Key is { ModelsAllowed: null, ModelsDenied: null } ? null : models.Resolve(model, await door.RenewAsync(caller));

    /// <summary>Which of its two names the client gave the output cap.</summary>
    private static string CapMember(ReadOnlySpan<byte> body, InferenceRequest request) =>
        body[..request.Edits.MaxTokens.Start].TrimEnd(" \t\r\n:"u8).EndsWith("max_completion_tokens\""u8)
            ? "max_completion_tokens" : "max_tokens";

    private sealed record Prepared(InferenceRequest Request, Demand Demand, byte[] Body);
}

/// <summary>Reads bodies within the configured limit.</summary>
internal sealed class RequestReading(IOptions<OpenAiOptions> options)
{
    /// <summary>Exactly one of the two is null.</summary>
    public async Task<(RequestBody? Body, OpenAiError? Error)> ReadAsync(HttpContext context)
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
}
