using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Learning;

namespace Tollgate.Learning.Callers;

/// <summary>For whom a gateway or the portal calls: it has proved the key and checked its scope, or the session and its role.</summary>
/// <param name="KeyId">Empty for a member who uses no key.</param>
internal readonly record struct FileCaller(Guid OrganizationId, Guid ProjectId, Guid KeyId)
{
    private const string IdFormat = "N";

    /// <summary>The key; null for a member who uses none.</summary>
    public Guid? Key => KeyId == Guid.Empty ? null : KeyId;

    /// <summary>Reads the caller's headers.</summary>
    /// <exception cref="BadHttpRequestException">One is missing or is no id: the calling service is of another release.</exception>
    public static FileCaller Of(HttpRequest request) => new(
        Read(request, LearningHeaders.Organization), Read(request, LearningHeaders.Project), Read(request, LearningHeaders.Key));

    private static Guid Read(HttpRequest request, string header) =>
        Guid.TryParseExact(request.Headers[header], IdFormat, out var id)
            ? id
            : throw new BadHttpRequestException($"The header {header} is missing or is no id.");
}
