using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Testing;

/// <summary>One issue of bearers for all services of a test process.</summary>
public static class TestBearers
{
    private static readonly IReadOnlyDictionary<string, string> Files = ServiceBearers.Issue();

    /// <summary>The argument that gives a service its own.</summary>
    public static string Argument(string service) => $"--Cluster:Bearers={Files[service]}";

    /// <summary>What <paramref name="service"/> sends and accepts.</summary>
    public static ServiceTokens Tokens(string service) => new(Options.Create(new ClusterOptions { Bearers = Files[service] }));

    /// <summary>
    /// The header that <paramref name="caller"/> shows to <paramref name="callee"/>; one that nobody accepts where it has none.
    /// </summary>
    public static AuthenticationHeaderValue Header(string caller, string callee) =>
        new("Bearer", ServiceBearers.Parse(Files[caller]).To(callee) ?? new string('0', 64));
}
