using System.Net;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>What a registry's status means.</summary>
internal static class PackageRefusal
{
    /// <returns>An <see cref="HttpRequestException"/> where another try may help.</returns>
    public static Exception Of(PackageName package, Uri registry, HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => new OperatorException($"{registry.Host} has no {package}."),
        HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
            new HttpRequestException($"{registry.Host} answers {(int)status}."),
        _ => new OperatorException($"{registry.Host} answers {(int)status} for {package}."),
    };
}
