using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.FakeStripe.Checkout;
using Tollgate.FakeStripe.Customers;
using Tollgate.FakeStripe.Events;
using Tollgate.FakeStripe.State;

namespace Tollgate.FakeStripe.Api;

/// <summary>Handles one call: reads and changes the state, without HTTP.</summary>
internal delegate StripeAnswer StripeCall(string id, StripeParameters parameters);

/// <summary>The <c>/v1</c> API. Handles authentication, idempotency keys and errors in the same way for every call.</summary>
internal static class ApiEndpoints
{
    public static IEndpointRouteBuilder MapStripeApi(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var sessions = services.GetRequiredService<CheckoutSessions>();
        var customers = services.GetRequiredService<CustomerObjects>();
        var events = services.GetRequiredService<EventLog>();
        var intents = services.GetRequiredService<PaymentIntents>();
        routes.MapPost("/v1/customers", Handle((_, parameters) => customers.Create(parameters)));
        routes.MapGet("/v1/customers/{id}", Handle((id, _) => customers.Retrieve(id)));
        routes.MapPost("/v1/checkout/sessions", Handle((_, parameters) => sessions.Create(parameters)));
        routes.MapGet("/v1/checkout/sessions", Handle((_, parameters) => sessions.List(parameters)));
        routes.MapGet("/v1/checkout/sessions/{id}", Handle(sessions.Retrieve));
        routes.MapPost("/v1/checkout/sessions/{id}/expire", Handle((id, _) => sessions.Expire(id)));
        routes.MapGet("/v1/payment_intents/{id}", Handle((id, _) => intents.Retrieve(id)));
        routes.MapGet("/v1/events", Handle((_, parameters) => events.List(parameters)));
        routes.MapGet("/v1/events/{id}", Handle((id, _) => events.Retrieve(id)));
        routes.Map("/v1/{**rest}", Handle((_, _) => StripeAnswer.Error(
            StatusCodes.Status404NotFound, "invalid_request_error",
            "Unrecognized request URL. This stand-in for Stripe knows checkout only.")));
        return routes;
    }

    private static RequestDelegate Handle(StripeCall call) => async context =>
    {
        var services = context.RequestServices;
        var cancellationToken = context.RequestAborted;
        if (!IsAuthorized(context.Request, services.GetRequiredService<IOptions<FakeStripeOptions>>().Value.ApiKey))
        {
            await StripeAnswer.Error(StatusCodes.Status401Unauthorized, "invalid_request_error", "Invalid API Key provided.")
                .WriteAsync(context.Response, cancellationToken);
            return;
        }

        var parameters = await StripeParameters.ReadAsync(context.Request, cancellationToken);
        var id = context.Request.RouteValues["id"] as string ?? "";
        var key = HttpMethods.IsPost(context.Request.Method) ? context.Request.Headers["Idempotency-Key"].ToString() : "";
        var state = services.GetRequiredService<StripeState>();
        var (answer, replayed) = await state.ChangeAsync(
            () => key.Length == 0
                ? (call(id, parameters), false)
                : AnswerOnce(state, key, $"{context.Request.Path}?{parameters.Fingerprint}", () => call(id, parameters)),
            cancellationToken);
        if (replayed)
        {
            context.Response.Headers["Idempotent-Replayed"] = "true";
        }

        await answer.WriteAsync(context.Response, cancellationToken);
    };

    /// <summary>
    /// Returns the stored answer for the same key and parameters, and an error for other parameters. Does not store error answers.
    /// </summary>
    private static (StripeAnswer Answer, bool Replayed) AnswerOnce(StripeState state, string key, string request, Func<StripeAnswer> call)
    {
        if (state.Answers[key] is JsonObject stored)
        {
            return stored["request"]!.GetValue<string>() == request
                ? (new StripeAnswer(stored["status"]!.GetValue<int>(), stored["body"]!.GetValue<string>()), true)
                : (StripeAnswer.Error(
                    StatusCodes.Status400BadRequest,
                    "idempotency_error",
                    $"Key '{key}' was used with other parameters. Idempotency keys can only be used again with the same ones."),
                   false);
        }

        var answer = call();
        if (answer.Status < 400)
        {
            state.Answers[key] = new JsonObject { ["request"] = request, ["status"] = answer.Status, ["body"] = answer.Body };
        }

        return (answer, false);
    }

    private static bool IsAuthorized(HttpRequest request, string apiKey)
    {
        var header = request.Headers.Authorization.ToString();
        var shown = header.StartsWith("Bearer ", StringComparison.Ordinal) ? header["Bearer ".Length..] : BasicUser(header);
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(shown), Encoding.UTF8.GetBytes(apiKey));
    }

    private static string BasicUser(string header)
    {
        var bytes = new byte[256];
        return header.StartsWith("Basic ", StringComparison.Ordinal)
            && Convert.TryFromBase64String(header["Basic ".Length..], bytes, out var count)
            ? Encoding.UTF8.GetString(bytes, 0, count).Split(':')[0]
            : "";
    }
}
