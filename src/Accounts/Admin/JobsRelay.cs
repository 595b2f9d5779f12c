using System.Net.Http.Headers;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Tollgate.Accounts.Money;
using Tollgate.Accounts.Users;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Admin;

/// <summary>
/// Shows operators the dashboard of Billing's jobs: forwards its pages, files and POSTs, and nothing outside of its path. Billing learns
/// neither cookies nor who asks.
/// </summary>
internal static partial class JobsRelay
{
    /// <summary>
    /// The dashboard's icons are a font, a few of its labels have a style attribute, and its charts add one known style sheet. Scripts stay
    /// in files. The browser's test of the page names the hash when a new version has another sheet.
    /// </summary>
    private const string MorePolicy = "; font-src 'self'; style-src-attr 'unsafe-inline'; style-src-elem 'self' " + ChartStyle;

    private const string ChartStyle = "'sha256-z7zcnw/4WalZqx+PrNaRnoeLz/G9WXuFqV1WCJ129sg='";

    public static void MapJobsRelay(this IEndpointRouteBuilder routes) =>
        routes.MapMethods(JobsDashboard.Path + "/{**path}", [HttpMethods.Get, HttpMethods.Post], RelayAsync)
            .RequireAuthorization(new AuthorizeAttribute { Roles = Roles.Operator }).ExcludeFromDescription();

    internal static async Task RelayAsync(
        HttpContext context, IHttpClientFactory clients, IAntiforgery antiforgery, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(BillingClient.Name);
        var target = new Uri(client.BaseAddress!, context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent());
        if (!IsOfDashboard(target))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        if (HttpMethods.IsPost(context.Request.Method))
        {
            // Only the header: looking for the token in the form would read the body.
            if (!context.Request.Headers.ContainsKey(JobsDashboard.TokenHeader) || !await antiforgery.IsRequestValidAsync(context))
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.ContentType =
                MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) ? type : null;
        }
        else
        {
            request.Headers.Add(JobsDashboard.TokenHeader, antiforgery.GetAndStoreTokens(context).RequestToken);
        }

        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await AnswerAsync(context, response, cancellationToken);
        }
        catch (Exception exception) when (!context.Response.HasStarted && (exception is HttpRequestException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)))
        {
            LogAway(loggers.CreateLogger(typeof(JobsRelay)), exception.Message);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }

    /// <summary>Whether the address, as it is sent, lies below the dashboard's path: dots in it may lead elsewhere.</summary>
    private static bool IsOfDashboard(Uri target) =>
        target.AbsolutePath == JobsDashboard.Path || target.AbsolutePath.StartsWith(JobsDashboard.Path + "/", StringComparison.Ordinal);

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        if (!response.IsSuccessStatusCode)
        {
            return; // The portal has a page for it.
        }

        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        context.Response.Headers.ContentSecurityPolicy += MorePolicy;
        await response.Content.CopyToAsync(context.Response.Body, cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Information, "Billing did not answer for the jobs' dashboard: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
