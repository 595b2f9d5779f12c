using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Answers HEAD as GET without the body, on every path that accepts GET (RFC 9110, 9.3.2). Runs before routing, so that endpoints need not
/// declare HEAD. Kestrel remembers the original method and drops the body.
/// </summary>
internal sealed class HeadAsGet : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, rest) =>
        {
            if (HttpMethods.IsHead(context.Request.Method))
            {
                context.Request.Method = HttpMethods.Get;
            }

            return rest(context);
        });
        next(app);
    };
}
