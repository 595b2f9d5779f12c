using Tollgate.Contracts.Learning;

namespace Tollgate.Gateway.Authentication;

/// <summary>Names a caller to a service that answers for it.</summary>
internal static class CallerHeaders
{
    private const string IdFormat = "N";

    /// <summary>Adds the headers of <see cref="LearningHeaders"/>.</summary>
    public static void Names(this HttpRequestMessage request, Caller caller)
    {
        request.Headers.Add(LearningHeaders.Organization, caller.OrganizationId.ToString(IdFormat));
        request.Headers.Add(LearningHeaders.Project, caller.ProjectId.ToString(IdFormat));
        request.Headers.Add(LearningHeaders.Key, caller.KeyId.ToString(IdFormat));
        request.Headers.Add(LearningHeaders.KeyPublicId, caller.Key.PublicId);
        request.Headers.Add(
            LearningHeaders.KeyScopes, caller.Key.Scopes is { } scopes ? string.Join(',', scopes) : LearningHeaders.AllScopes);
    }
}
