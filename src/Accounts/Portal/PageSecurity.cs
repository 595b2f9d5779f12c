using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Portal;

/// <summary>What holds for every answer on the portal's door, and which paths each door has.</summary>
internal static class PageSecurity
{
    private static readonly string[] InternalPaths = ["/internal", "/health", "/metrics"];

    /// <summary>Pages answer on the public listener alone.</summary>
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

    /// <summary>Refuses requests under a name that is not the portal's; probes may use any.</summary>
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

    /// <summary>Nothing inline, nothing from elsewhere, no framing; pages of a session are not stored by caches.</summary>
    public static void UsePageSecurity(this WebApplication app)
    {
        var address = app.Services.GetRequiredService<PortalAddress>();
        var options = app.Services.GetRequiredService<IOptions<PortalOptions>>().Value;
        // A browser holds form-action against every redirect that follows the form, so the checkout page must be in it.
        var checkouts = string.Join(' ', PlatformSettings.SplitList(options.CheckoutOrigins)) + (address.IsLoopback ? " http://127.0.0.1:* http://localhost:*" : "");
        var policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            + $"form-action 'self' {checkouts}; base-uri 'self'; frame-ancestors 'none'";
        app.Use((context, next) =>
        {
            if (address.IsHttps && context.Features.Get<Listener>()?.Kind == ListenerKind.Public)
            {
                context.Request.Scheme = "https"; // The operator's word; a proxy in front speaks plain HTTP to us.
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
