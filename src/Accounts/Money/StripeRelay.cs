using System.Net.Http.Headers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Money;

/// <summary>
/// Relays Stripe's webhook from the public port to Billing byte for byte, because its signature covers the raw bytes. Returns Billing's
/// status to Stripe, or 503 while Billing is down, so that Stripe retries.
/// </summary>
internal static partial class StripeRelay
{
    private const string SignatureHeader = "Stripe-Signature";
    private const int LongestBody = 1024 * 1024;

    public static void MapStripeRelay(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/stripe/webhook", RelayAsync).DisableAntiforgery().ExcludeFromDescription();

    internal static async Task<IResult> RelayAsync(
        HttpContext context, IHttpClientFactory clients, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (context.Features.Get<Listener>()?.Kind != ListenerKind.Public || context.Request.ContentLength > LongestBody)
        {
            return TypedResults.StatusCode(
                context.Request.ContentLength > LongestBody ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status404NotFound);
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, cancellationToken); // Kestrel's limit bounds a chunked body.
        using var content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
        if (MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type))
        {
            content.Headers.ContentType = type;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/internal/stripe/webhook") { Content = content };
        request.Headers.TryAddWithoutValidation(SignatureHeader, (IEnumerable<string>)context.Request.Headers[SignatureHeader]);
        try
        {
            using var client = clients.CreateClient(BillingClient.Name);
            using var response = await client.SendAsync(request, cancellationToken);
            return TypedResults.StatusCode((int)response.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogAway(loggers.CreateLogger(typeof(StripeRelay)), exception.Message);
            return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Billing did not take a Stripe event; Stripe will send it again. {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
