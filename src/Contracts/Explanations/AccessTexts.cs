using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Explanations;

/// <summary>What a key or a project may do, in words for pages and the command line.</summary>
public static class AccessTexts
{
    /// <param name="scopes">Null for all.</param>
    public static string Scopes(IReadOnlyList<string>? scopes) => scopes is null
        ? "all"
        : string.Join(", ", PublicEndpoint.All.Where(endpoint => scopes.Contains(endpoint.Scope)).Select(endpoint => endpoint.Label));

    /// <param name="allowed">Null for all.</param>
    /// <param name="denied">Overrides <paramref name="allowed"/>; null for none.</param>
    public static string Models(IReadOnlyList<string>? allowed, IReadOnlyList<string>? denied) => (allowed, denied) switch
    {
        (null, null) => "all",
        (null, { } no) => "all but " + string.Join(", ", no),
        ({ } yes, _) => "only " + string.Join(", ", yes.Except(denied ?? [])),
    };
}
