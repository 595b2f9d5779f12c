using System.Net;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Canaries;

/// <summary>No secret, key or prompt stands in any log line of any process, not even when everything is logged that we log.</summary>
public sealed class CanaryTests
{
    [Fact]
    public async Task No_log_holds_a_secret_a_key_or_a_prompt()
    {
        var verbose = new Dictionary<string, string>
        {
            ["TOLLGATE__Logging__LogLevel__Default"] = "Trace", ["TOLLGATE__Logging__LogLevel__Tollgate"] = "Trace",
        };
        var plan = new ClusterPlan
        {
            Environment = new[] { "gateway", "accounts", "billing", "worker" }
                .ToDictionary(service => service, IReadOnlyDictionary<string, string> (_) => verbose),
        };
        await using var cluster = await TollgateCluster.StartAsync(TestFolder.Create("canaries"), plan);
        var canaries = new Canaries();
        await LoadModel.InstallAllAsync(cluster);
        using (var client = new OperatorClient(cluster.Secrets.Bearers["operator"]))
        {
            await new PriceChanges(cluster, client, seed: 1, TimeProvider.System).SetAsync(CallKind.Models);
        }

        using var tour = new CanaryTour(cluster, canaries);

        await tour.RunAsync();
        var (findings, files) = await canaries.SearchAsync(cluster);

        Assert.Empty(findings.Distinct());
        Assert.True(files >= 8, $"{files} logs");
        HttpStatusCode[] expected =
        [
            HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.Unauthorized, HttpStatusCode.NotFound,
            HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnsupportedMediaType, HttpStatusCode.ServiceUnavailable,
        ];
        Assert.Empty(expected.Except(tour.Answers));
    }
}
