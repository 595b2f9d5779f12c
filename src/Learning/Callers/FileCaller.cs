using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Learning;

namespace Tollgate.Learning.Callers;

/// <summary>For whom a gateway calls: it has proved the key and checked its scope.</summary>
internal readonly record struct FileCaller(Guid OrganizationId, Guid ProjectId, Guid KeyId)
{
    private const string IdFormat = "N";

    /// <summary>Reads the gateway's headers.</summary>
    /// <exception cref="BadHttpRequestException">One is missing or is no id: whoever calls is no gateway of this release.</exception>
    public static FileCaller Of(HttpRequest request) => new(
        Read(request, LearningHeaders.Organization), Read(request, LearningHeaders.Project), Read(request, LearningHeaders.Key));

    private static Guid Read(HttpRequest request, string header) =>
        Guid.TryParseExact(request.Headers[header], IdFormat, out var id)
            ? id
            : throw new BadHttpRequestException($"The header {header} is missing or is no id.");
}
