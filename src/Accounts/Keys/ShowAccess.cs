using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Keys;

/// <summary>Formats what a key may do for pages.</summary>
internal static class ShowAccess
{
    public static string Scopes(string[]? scopes) => scopes is null
        ? "all"
        : string.Join(", ", PublicEndpoint.All.Where(endpoint => scopes.Contains(endpoint.Scope)).Select(endpoint => endpoint.Label));

    public static string Models(string[]? allowed, string[]? denied) => (allowed, denied) switch
    {
        (null, null) => "all",
        (null, { } no) => "all but " + string.Join(", ", no),
        ({ } yes, _) => "only " + string.Join(", ", yes.Except(denied ?? [])),
    };
}
