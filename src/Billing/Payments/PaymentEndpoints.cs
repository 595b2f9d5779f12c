using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Stripe;
using Tollgate.Billing.Jobs;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Payments;

/// <summary>Endpoints for top-ups and for Stripe's events, which Accounts relays from its public port.</summary>
internal static class PaymentEndpoints
{
    private const int SmallestUsd = 5;
    private const int LargestUsd = 10_000;
    private const int LargestEvent = 1024 * 1024;

    public static IServiceCollection AddPayments(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<StripeOptions>, StripeOptionsValidator>();
        services.AddOptions<StripeOptions>().BindConfiguration(StripeOptions.Section).ValidateOnStart();
        services.AddHttpClient("stripe");
        services.AddSingleton<IStripeClient>(CreateClient);
        services.AddSingleton<CheckoutDesk>();
        services.AddSingleton<CheckoutSettlement>();
        services.AddSingleton<StripeWebhook>();
        services.AddSingleton<CheckoutPoll>();
        services.AddHostedService(provider => provider.GetRequiredService<CheckoutPoll>());
        services.AddScheduledJob<CheckoutReplay>("checkout replay", "*/5 * * * *");
        return services;
    }

    public static IEndpointRouteBuilder MapPayments(this IEndpointRouteBuilder routes)
    {
        var checkouts = routes.MapInternal("/internal/organizations/{organizationId:guid}/checkouts", "accounts");
        checkouts.MapPost("", StartAsync);
        checkouts.MapGet("/{checkoutId:guid}", FindAsync);
        routes.MapInternal("/internal/stripe/webhook", "accounts").MapPost("", TakeEventAsync);
        return routes;
    }

    internal static async Task<Results<Ok<CheckoutStarted>, ValidationProblem, Conflict, ProblemHttpResult>> StartAsync(
        Guid organizationId, StartCheckout checkout, CheckoutDesk desk, IOptions<StripeOptions> options,
        CancellationToken cancellationToken)
    {
        if (Refuse(checkout) is { } errors)
        {
            return TypedResults.ValidationProblem(errors);
        }

        if (options.Value.ApiKey.Length == 0)
        {
            return TypedResults.Problem("Top-ups are not set up on this installation.",
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        try
        {
            return await desk.StartAsync(organizationId, checkout, cancellationToken) is { } started
                ? TypedResults.Ok(started)
                : TypedResults.Conflict();
        }
        catch (Exception exception) when (exception is StripeException or HttpRequestException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return TypedResults.Problem("The payment provider does not answer. Please try again.",
                statusCode: StatusCodes.Status502BadGateway);
        }
    }

    internal static async Task<Results<Ok<CheckoutState>, NotFound>> FindAsync(
        Guid organizationId, Guid checkoutId, CheckoutDesk desk, CancellationToken cancellationToken) =>
        await desk.FindAsync(organizationId, checkoutId, cancellationToken) is { } state ? TypedResults.Ok(state) : TypedResults.NotFound();

    internal static async Task<Results<Ok, BadRequest>> TakeEventAsync(
        HttpRequest request, StripeWebhook webhook, CancellationToken cancellationToken)
    {
        if (request.ContentLength > LargestEvent)
        {
            return TypedResults.BadRequest();
        }

        using var reader = new StreamReader(request.Body, new UTF8Encoding(false, throwOnInvalidBytes: false));
        var body = await reader.ReadToEndAsync(cancellationToken);
        return await webhook.TakeAsync(body, request.Headers["Stripe-Signature"].ToString(), cancellationToken)
            ? TypedResults.Ok()
            : TypedResults.BadRequest();
    }

    private static Dictionary<string, string[]>? Refuse(StartCheckout checkout)
    {
        var errors = new Dictionary<string, string[]>();
        if (checkout.AmountUsd is < SmallestUsd or > LargestUsd)
        {
            errors["amountUsd"] = ["A top-up is 5 to 10,000 whole dollars."];
        }

        if (!Uri.TryCreate(checkout.ReturnUrl, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            errors["returnUrl"] = ["An absolute http or https address."];
        }

        if (string.IsNullOrWhiteSpace(checkout.Email) || !checkout.Email.Contains('@', StringComparison.Ordinal))
        {
            errors["email"] = ["An e-mail address."];
        }

        return errors.Count > 0 ? errors : null;
    }

    private static StripeClient CreateClient(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<StripeOptions>>().Value;
        var http = provider.GetRequiredService<IHttpClientFactory>().CreateClient("stripe");
        http.Timeout = options.Timeout;
        return new StripeClient(new StripeClientOptions
        {
            ApiKey = options.ApiKey.Length > 0 ? options.ApiKey : null,
            ApiBase = options.ApiBase.TrimEnd('/'),
            HttpClient = new SystemNetHttpClient(http, maxNetworkRetries: 2, enableTelemetry: false),
        });
    }
}
