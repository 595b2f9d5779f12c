using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Pipeline;
using MinDataRate = Microsoft.AspNetCore.Server.Kestrel.Core.MinDataRate;

namespace Tollgate.Gateway.Relays;

/// <summary>
/// The way of a request that another service answers: key, scope, limits of requests, then the bytes in both directions as they come. No
/// money and no journal. The service learns for whom it answers from the gateway alone: of a client's headers only those of the body and of
/// a range pass.
/// </summary>
internal sealed partial class ServiceRelay(
    RequestEntry entry, IHttpClientFactory clients, IOptions<RelayOptions> relayOptions, IOptions<OpenAiOptions> apiOptions,
    TimeProvider clock, ILogger<ServiceRelay> logger)
{
    /// <summary>Slowest client that an answer is sent to, bytes a second: the service holds a file open for each.</summary>
    private static readonly MinDataRate SlowestClient = new(240, TimeSpan.FromSeconds(30));

    private static readonly string[] PassedHeaders =
        ["Content-Type", "Content-Length", "Content-Disposition", "Content-Range", "Accept-Ranges", AnswerHeaders.Replayed];

    /// <param name="path">Route template, which is the service's too.</param>
    public async Task RunAsync(HttpContext context, RelayedRoutes endpoint, string path)
    {
        var call = ApiCall.Of(context);
        var counts = TakesBody(context.Request);
        call.ShowsLimits = counts;
        if (await entry.EnterAsync(context, call, endpoint.Api) is not { } shown
            || await entry.CheckAsync(context, call, endpoint.Api, shown, counts: counts) is not { } caller)
        {
            return;
        }

        using var request = RequestOf(context, path);
        request.Names(caller);
        await ForwardAsync(context, endpoint, request);
    }

    /// <summary>Sends a request to the service and passes its answer on. The caller has decided that it may go on.</summary>
    /// <param name="request">As <see cref="RequestOf"/> makes it, with headers that say for whom it is.</param>
    /// <param name="onHead">Called once the head of the service's answer is there.</param>
    public async Task ForwardAsync(
        HttpContext context, RelayedRoutes endpoint, HttpRequestMessage request, Action<HttpResponseMessage>? onHead = null)
    {
        Prepare(context, endpoint);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var timer = clock.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), patience, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        RelayedBody? body = null;
        if (TakesBody(context.Request))
        {
            request.Content = body = new RelayedBody(
                context.Request,
                new BodyPatience(context.Request.BodyReader, apiOptions.Value.BodyStallTimeout, clock, patience.Token), StartTimer);
            request.Headers.ExpectContinue = true; // A refusal by the request's head comes before its body.
        }
        else
        {
            StartTimer();
        }

        try
        {
            if (await SendAsync(context, endpoint, request, patience.Token) is { } response)
            {
                using (response)
                {
                    timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                    onHead?.Invoke(response);
                    await AnswerAsync(context, endpoint, response);
                }
            }
        }
        finally
        {
            await patience.CancelAsync();
            await (body?.LeaveAsync() ?? Task.CompletedTask);
        }

        void StartTimer() => timer.Change(relayOptions.Value.AnswerTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Any method but GET and HEAD.</summary>
    private static bool TakesBody(HttpRequest request) => !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);

    private void Prepare(HttpContext context, RelayedRoutes endpoint)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = apiOptions.Value.MostBytes(endpoint.Api);
        }

        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = SlowestClient;
        }
    }

    /// <summary>The client's request to the same path of the service, without its body.</summary>
    /// <param name="path">Route template.</param>
    public static HttpRequestMessage RequestOf(HttpContext context, string path)
    {
        // Values of a route are escaped again one by one, so that none can become another path.
        var target = string.Join('/', path.Split('/').Select(part => part.StartsWith('{')
            ? Uri.EscapeDataString((string)context.Request.RouteValues[part.Trim('{', '}')]!)
            : part));
        var request = new HttpRequestMessage(
            new HttpMethod(HttpMethods.IsHead(context.Request.Method) ? HttpMethods.Get : context.Request.Method),
            target.TrimStart('/') + context.Request.QueryString.ToUriComponent());
        foreach (var name in (string[])["Range", "If-Range"])
        {
            if (context.Request.Headers.TryGetValue(name, out var value))
            {
                request.Headers.TryAddWithoutValidation(name, value.ToString());
            }
        }

        return request;
    }

    /// <summary>The service's answer as soon as its headers are read; null when an error is written instead.</summary>
    private async Task<HttpResponseMessage?> SendAsync(
        HttpContext context, RelayedRoutes endpoint, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(endpoint.Service);
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested
            && exception is HttpRequestException or OperationCanceledException or BadHttpRequestException)
        {
            if ((request.Content as RelayedBody)?.Fault is { } fault)
            {
                throw fault; // The client's own: the middleware names it.
            }

            LogAway(logger, endpoint.Service, exception.GetBaseException().Message);
            await OpenAiErrorResult.WriteAsync(context, OpenAiError.ServiceAway(endpoint.Api.Label));
            return null;
        }
    }

    private async Task AnswerAsync(HttpContext context, RelayedRoutes endpoint, HttpResponseMessage response)
    {
        if ((int)response.StatusCode >= StatusCodes.Status400BadRequest)
        {
            var error = response.StatusCode == HttpStatusCode.Unauthorized && !endpoint.ProvesKeys // Our bearer, not the client's key.
                ? null : await UpstreamError.ReadAsync(response, context.RequestAborted);
            if (error is null)
            {
                LogAway(logger, endpoint.Service, $"It answered {(int)response.StatusCode}.");
            }

            await OpenAiErrorResult.WriteAsync(context, error ?? OpenAiError.ServiceAway(endpoint.Api.Label));
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var name in PassedHeaders)
        {
            if (response.Headers.TryGetValues(name, out var values) || response.Content.Headers.TryGetValues(name, out values))
            {
                context.Response.Headers[name] = string.Join(", ", values);
            }
        }

        try
        {
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested
            && exception is HttpRequestException or IOException)
        {
            LogAway(logger, endpoint.Service, exception.GetBaseException().Message);
            context.Abort(); // The client must not take a part for the whole.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Service} did not answer a request. {Reason}")]
    private static partial void LogAway(ILogger logger, string service, string reason);
}
