namespace Tollgate.Contracts.OpenAi;

/// <summary>What the lines of a batch may call: every endpoint that runs a model and takes a JSON body, by the first of its paths below
/// <c>/v1</c>.</summary>
public static class BatchUrls
{
    /// <summary>In the order of <see cref="PublicEndpoint.All"/>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. PublicEndpoint.All.Select(PathOf).OfType<string>()];

    /// <summary>The paths as a sentence shows them.</summary>
    public static string Choice { get; } = $"one of '{string.Join("', '", All)}'";

    /// <summary>The endpoint of one of <see cref="All"/>.</summary>
    public static PublicEndpoint EndpointOf(string url) => PublicEndpoint.All.First(endpoint => PathOf(endpoint) == url);

    private static string? PathOf(PublicEndpoint endpoint) => endpoint.Task is not null && endpoint.Bodies.HasFlag(BodyTypes.Json)
        ? endpoint.Paths.FirstOrDefault(path => path.StartsWith("/v1/", StringComparison.Ordinal)) : null;
}
