using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Tollgate.Gateway.OpenApi;

/// <summary>The API's description, for programs and for readers.</summary>
internal static class OpenApiSlice
{
    /// <summary>Paths that answer GET and are no endpoint of the API.</summary>
    public static readonly IReadOnlyList<string> Paths = [ApiDocument.Path, ReferencePage.Path];

    public static WebApplicationBuilder AddApiReference(this WebApplicationBuilder builder)
    {
        ApiDocument.Add(builder.Services);
        return builder;
    }

    public static void MapApiReference(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiDocument.Path, static (HttpContext context, ApiDocument document) => document.WriteAsync(context))
            .ExcludeFromDescription();
        ReferencePage.Map(routes);
    }
}
