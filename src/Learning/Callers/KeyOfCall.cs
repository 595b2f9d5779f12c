using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Learning.Callers;

/// <summary>What the gateway says of the key beside its id.</summary>
/// <param name="PublicId">Names the key to the gateway.</param>
/// <param name="Scopes">Null for a key without a list.</param>
internal sealed record KeyOfCall(string PublicId, IReadOnlyList<string>? Scopes)
{
    /// <summary>Reads the gateway's headers.</summary>
    /// <exception cref="BadHttpRequestException">One is missing: whoever calls is no gateway of this release.</exception>
    public static KeyOfCall Of(HttpRequest request)
    {
        var (id, scopes) = (Read(request, LearningHeaders.KeyPublicId), Read(request, LearningHeaders.KeyScopes));
        return new KeyOfCall(id, scopes == LearningHeaders.AllScopes ? null : scopes.Split(','));
    }

    /// <summary>Whether the key may call an endpoint.</summary>
    public bool MayUse(PublicEndpoint endpoint) => Scopes is null || Scopes.Contains(endpoint.Scope);

    private static string Read(HttpRequest request, string header) => request.Headers[header] is [{ Length: > 0 } value]
        ? value : throw new BadHttpRequestException($"The header {header} is missing.");
}
