using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Reports;

namespace Tollgate.Billing.Jobs;

/// <summary>
/// Writes the portal's form token into the dashboard's pages, whose script sends it back with each POST. The portal makes the token, and
/// checks it before it forwards a POST; Billing has no cookies and answers only the portal.
/// </summary>
internal sealed class PortalToken : IAntiforgery
{
    public AntiforgeryTokenSet GetAndStoreTokens(HttpContext httpContext) => GetTokens(httpContext);

    public AntiforgeryTokenSet GetTokens(HttpContext httpContext) => new(
        httpContext.Request.Headers[JobsDashboard.TokenHeader].ToString(), cookieToken: null, formFieldName: JobsDashboard.TokenHeader,
        headerName: JobsDashboard.TokenHeader);

    public Task<bool> IsRequestValidAsync(HttpContext httpContext) => Task.FromResult(true);

    public void SetCookieTokenAndHeader(HttpContext httpContext)
    {
        // The portal has set its cookie.
    }

    public Task ValidateRequestAsync(HttpContext httpContext) => Task.CompletedTask;
}
