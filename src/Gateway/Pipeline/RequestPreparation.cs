using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Idempotency;

namespace Tollgate.Gateway.Pipeline;

/// <summary>All that comes before the admission: read and parse the body, resolve the model, look for an earlier answer, find the
/// price.</summary>
internal sealed class RequestPreparation(
    RequestEntry door, ModelDirectory models, PriceCatalogue prices, IdempotencyDesk idempotency, IOptions<OpenAiOptions> options,
    TimeProvider clock)
{
    /// <param name="url">The model in the URL, or null.</param>
    /// <param name="completion">Completes the endpoint's requests; null where they are complete.</param>
    public async Task<Preparation> PrepareAsync(
        HttpContext context, Caller caller, InferenceEndpoint endpoint, ModelInUrl? url, RequestCompletion? completion)
    {
        string? key = null;
        if (IdempotencyDesk.ReadKey(context.Request) is { } shown && !shown.TryGet(out key, out var invalidKey))
        {
            return new Preparation.Refused(invalidKey);
        }

        var patience = new BodyPatience(context.Request.BodyReader, options.Value.BodyStallTimeout, clock, context.RequestAborted);
        var received = await RequestBody.ReadAsync(context, endpoint, (int)options.Value.MostBytes(endpoint.Api), patience);
        if (!received.TryGet(out var body, out var unreadable))
        {
            return new Preparation.Refused(unreadable);
        }

        using (body)
        {
            if (!TryParse(endpoint, body, url, out var request, out var invalid))
            {
                return new Preparation.Refused(invalid);
            }

            var call = ApiCall.Of(context);
            var resolved = models.Resolve(request.Model, caller, call.RequestId, url?.Version);
            if (resolved is null && caller.IsConfined)
            {
                // What memory holds of the lists of models may be old: the model may have been allowed since.
                caller = await door.RenewAsync(caller);
                resolved = models.Resolve(request.Model, caller, call.RequestId, url?.Version);
            }

            if (resolved is not { } model)
            {
                var unknown = models.Refuse(request.Model, caller, OpenAiErrorResult.Quotable(request.Model));
                return new Preparation.Refused(
                    unknown.Status != StatusCodes.Status404NotFound ? unknown
                    : request.Model == endpoint.Api.DefaultModel ? unknown.WithSource(endpoint.Api)
                    : Explain(unknown, endpoint, caller));
            }

            var asked = key is null
                ? null : idempotency.Identify(key, caller, endpoint.Api.Scope, url?.ToString(), body.Bytes.Span, body.Form);
            if (asked is not null && await idempotency.RecallAsync(asked) is { } recalled)
            {
                return recalled.TryGet(out var answer, out var refusal)
                    ? new Preparation.Answered(answer, new Access(endpoint.Api.Scope, request.Model, model.Model))
                    : new Preparation.Refused(refusal);
            }

            var completed = new CompletedRequest(request, body.Bytes);
            if (completion is not null
                && !(await completion(caller, call.RequestId, request, body.Bytes, context.RequestAborted))
                    .TryGet(out completed, out var incomplete))
            {
                return new Preparation.Refused(incomplete);
            }

            return Prepare(caller, endpoint, completed, model, body.Form?.Boundary, asked, call.ServiceClass);
        }
    }

    private static bool TryParse(
        InferenceEndpoint endpoint, RequestBody body, ModelInUrl? url, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error) => body.Form is { } form
        ? endpoint.TryParse(form, out request, out error)
        : endpoint.Api.Bodies.HasFlag(BodyTypes.Tensors)
        ? endpoint.TryParse(body.Bytes, body.HeaderLength, url!, out request, out error)
        : endpoint.TryParse(body.Bytes, url?.Model, out request, out error);

    /// <summary>Says how a model is installed where the caller has none that the endpoint could use.</summary>
    private OpenAiError Explain(OpenAiError error, InferenceEndpoint endpoint, Caller caller) =>
        models.Has(caller, card => endpoint.Refuse(card) is null) ? error : error.WithSource(endpoint.Api);

    private Preparation Prepare(
        Caller caller, InferenceEndpoint endpoint, CompletedRequest completed, ResolvedModel model, string? boundary,
        IdempotentRequest? asked, ServiceClass serviceClass)
    {
        var request = completed.Request;
        if (model.IsUnloaded)
        {
            return new Preparation.Refused(OpenAiError.ModelUnloaded(model.Model));
        }

        if (model.Card is not { } card)
        {
            return new Preparation.Refused(model.LacksVersion is { } version
                ? OpenAiError.VersionNotFound(model.Model, version)
                : OpenAiError.ModelUnavailable(model.Model, TimeSpan.FromSeconds(1)));
        }

        if (endpoint.Refuse(card) is { } unsuitable)
        {
            return new Preparation.Refused(Explain(unsuitable, endpoint, caller));
        }

        if (endpoint.Refuse(card, request) is { } beyond)
        {
            return new Preparation.Refused(beyond);
        }

        if (request.MaxOutput > card.ContextLength)
        {
            return new Preparation.Refused(
                OpenAiError.OutputCapTooLarge(CapMember(completed), request.MaxOutput.Value, card.ContextLength));
        }

        if (prices.InForce(card, caller.OrganizationId) is not { } price)
        {
            return new Preparation.Refused(OpenAiError.ModelWithoutPrice(model.Model, card.PricedAs));
        }

        var rewritten = new WorkerBody(
            request.Rewrite(completed.Body, model.Model, DemandCalculation.OutputCap(request, card)), boundary,
            endpoint.Api.Bodies.HasFlag(BodyTypes.Tensors));
        var demand = DemandCalculation.Calculate(endpoint.Api.Scope, request, card, price, serviceClass);
        return request.MostUsd is { } most && demand.MostUsd > most
            ? new Preparation.Refused(OpenAiError.AboveMostUsd(demand.MostUsd, most))
            : new Preparation.Ready(request, demand, rewritten, asked)
            {
                Keeper = completed.Keeper,
                Queue = completed.Queue,
                Shadow = completed.Queue is null && model.Shadow is { } other ? Copy(endpoint, completed, card, rewritten, other) : null,
            };
    }

    /// <summary>The request as it is sent to another version too; null where that cannot run it.</summary>
    private static ShadowCopy? Copy(
        InferenceEndpoint endpoint, CompletedRequest completed, ModelCard card, WorkerBody body, ModelCard other)
    {
        var request = completed.Request;
        if (endpoint.Refuse(other) is not null || endpoint.Refuse(other, request) is not null)
        {
            return null;
        }

        var cap = DemandCalculation.OutputCap(request, other);
        return new ShadowCopy(other.Version, cap == DemandCalculation.OutputCap(request, card) ? body : body with
        {
            Bytes = request.Rewrite(completed.Body, other.Name, cap),
        });
    }

    /// <summary>The name that the client gave the output cap: a chat has two for it.</summary>
    private static string CapMember(CompletedRequest completed) =>
        completed.Request is not ChatRequest { Edits.MaxTokens.Start: var start }
            || completed.Body.Span[..start].TrimEnd(" \t\r\n:"u8).EndsWith("max_completion_tokens\""u8)
            ? completed.Request.CapMember! : "max_tokens";
}
