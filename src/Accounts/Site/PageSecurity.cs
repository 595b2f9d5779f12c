using Microsoft.Extensions.Options;
using Tollgate.Accounts.Portal;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Site;

/// <summary>Sets the headers of every response of the portal, and checks listener and host name.</summary>
internal static class PageSecurity
{
    private static readonly string[] InternalPaths = ["/internal", "/health", "/metrics", "/v1", "/v2"];

    /// <summary>Serves pages on the public listener only; the internal one answers 404 except for its own paths.</summary>
    public static void UseDoors(this WebApplication app) => app.Use((context, next) =>
    {
        if (context.Features.Get<Listener>()?.Kind == ListenerKind.Internal
            && !Array.Exists(InternalPaths, path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal)))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return next(context);
    });

    /// <summary>Refuses requests under a host name that is not the portal's. Health probes may use any name.</summary>
    public static void UseKnownHosts(this WebApplication app)
    {
        var address = app.Services.GetRequiredService<PortalAddress>();
        app.Use((context, next) =>
        {
            if (context.Features.Get<Listener>()?.Kind != ListenerKind.Public || context.Request.Path.StartsWithSegments("/health")
                || address.Knows(context.Request.Host.Host, context.Connection.LocalIpAddress))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            return context.Response.WriteAsync(
                $"The portal is not served under this host name. Its address is {address.Url} (setting Portal:PublicUrl).\n",
                context.RequestAborted);
        });
    }

    /// <summary>Forbids inline and foreign content, framing, and caching of pages.</summary>
    public static void UsePageSecurity(this WebApplication app)
    {
        var address = app.Services.GetRequiredService<PortalAddress>();
        var options = app.Services.GetRequiredService<IOptions<PortalOptions>>().Value;
        // Browsers check form-action against every redirect after the form, so it must include the checkout page.
        var checkouts = string.Join(' ', PlatformSettings.SplitList(options.CheckoutOrigins))
            + (address.IsLoopback ? " http://127.0.0.1:* http://localhost:*" : "");
        var policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            + $"form-action 'self' {checkouts}; base-uri 'self'; frame-ancestors 'none'";
        app.Use((context, next) =>
        {
            if (address.IsHttps && context.Features.Get<Listener>()?.Kind == ListenerKind.Public)
            {
                context.Request.Scheme = "https"; // The operator set an https address; the proxy in front uses plain HTTP.
            }

            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = policy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
            headers.CacheControl = "no-cache, no-store";
            if (address.IsHttps && options.Hsts)
            {
                headers.StrictTransportSecurity = "max-age=31536000";
            }

            return next(context);
        });
    }
}
