using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Answers every request whose URL or method no endpoint takes: 405 for a URL of ours, 404 for any other.</summary>
internal static class UnknownUrls
{
    private const int MostSegments = 10;

    /// <summary>The fixed parts of our URLs after the version.</summary>
    private static readonly HashSet<string> Words = new(
        PublicEndpoint.Served.SelectMany(endpoint => endpoint.Paths)
            .SelectMany(path => path.Split('/').Skip(2))
            .Where(part => !part.StartsWith('{')),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Reveals nothing that a key would have to protect, so it asks for none.</summary>
    internal static Task RefuseAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "");
        ApiCall.Of(context).Wire = Wire.AskedBy(context.Request);
        if (FindMethods(path) is not { Count: > 0 } methods)
        {
            var meant = FindMeant(path) is { } other ? OpenAiErrorResult.Quotable(other) : null;
            return OpenAiErrorResult.WriteAsync(context, OpenAiError.UnknownUrl(method, OpenAiErrorResult.Quotable(path), meant));
        }

        var allowed = string.Join(" and ", methods);
        context.Response.Headers.Allow =
            string.Join(", ", methods.SelectMany(one => one == HttpMethods.Get ? [one, HttpMethods.Head] : (string[])[one]));
        return OpenAiErrorResult.WriteAsync(context, OpenAiError.MethodNotAllowed(method, OpenAiErrorResult.Quotable(path), allowed));
    }

    /// <summary>The methods of a URL that is ours; none for any other URL.</summary>
    private static IReadOnlyList<string> FindMethods(string path) => Find(path) is { } endpoint
        ? [.. endpoint.Routes.Where(route => Matches(route.Path, path)).Select(route => route.Method).Distinct()]
        : OpenApiSlice.Paths.Contains(path.TrimEnd('/'), StringComparer.Ordinal) ? [HttpMethods.Get] : [];

    /// <summary>The endpoint that has a URL; null for a URL that is not ours.</summary>
    internal static PublicEndpoint? Find(string path) =>
        PublicEndpoint.Served.FirstOrDefault(endpoint => endpoint.Paths.Any(template => Matches(template, path)));

    private static bool Matches(string template, string path) => Matches(template.Split('/'), path.TrimEnd('/').Split('/'));

    private static bool Matches(string[] template, string[] path)
    {
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i].StartsWith("{*", StringComparison.Ordinal))
            {
                return true;
            }

            if (i == path.Length || (template[i].StartsWith('{') ? path[i].Length == 0 : path[i] != template[i]))
            {
                return false;
            }
        }

        return template.Length == path.Length;
    }

    /// <summary>The URL of ours that ends as <paramref name="path"/> does: without a version or with another, in another case, with
    /// doubled slashes, below another prefix. Null where none does.</summary>
    private static string? FindMeant(string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var skip = Math.Max(0, segments.Length - MostSegments); skip < segments.Length; skip++)
        {
            var meant = "/v1/" + string.Join('/', segments[skip..].Select(part => Words.Contains(part) ? part.ToLowerInvariant() : part));
            if (Find(meant) is not null)
            {
                return meant;
            }
        }

        return null;
    }
}
