using Tollgate.Chaos.Tests.Cluster;
using Tollgate.Chaos.Tests.Load;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>Reads the logs of the services for what may never stand there.</summary>
internal static class LogScan
{
    private const string Alarm = "no service raises an alarm or dies of an exception";
    private const string Leak = "no key or secret stands in a log";

    public static IEnumerable<string> Invariants => [Alarm, Leak];

    public static async Task<IReadOnlyList<Violation>> CheckAsync(TollgateCluster cluster, IEnumerable<Customer> customers)
    {
        string[] secrets = [cluster.Secrets.Cluster, cluster.Secrets.Peppers[3..], cluster.Secrets.StripeApiKey, .. customers.SelectMany(c => c.Keys).Select(k => k.Text)];
        List<Violation> violations = [];
        foreach (var file in Directory.GetFiles(Path.Combine(cluster.Folder, "logs"), "*.log").Where(f => Path.GetFileName(f) != "clients.log"))
        {
            await foreach (var line in File.ReadLinesAsync(file))
            {
                var shown = $"{Path.GetFileName(file)}: {line[..Math.Min(line.Length, 400)]}";
                if (line.Contains(" crit: ", StringComparison.Ordinal) || line.Contains("Unhandled exception", StringComparison.Ordinal))
                {
                    violations.Add(new Violation(Alarm, shown));
                }

                if (secrets.Any(secret => line.Contains(secret, StringComparison.Ordinal)))
                {
                    violations.Add(new Violation(Leak, Path.GetFileName(file)));
                }
            }
        }

        return violations;
    }

    /// <summary>How often each kind of error stands in the logs, most frequent first; not all are faults of ours.</summary>
    public static IReadOnlyList<string> CountErrors(TollgateCluster cluster) =>
    [
        .. Directory.GetFiles(Path.Combine(cluster.Folder, "logs"), "*.log")
            .Where(file => Path.GetFileName(file) != "clients.log")
            .SelectMany(file => File.ReadLines(file)
                .Where(line => line.Contains(" fail: ", StringComparison.Ordinal))
                .Select(line => $"{Path.GetFileNameWithoutExtension(file).TrimEnd('1', '2', '3', '4', '5', '-')}: {line[(line.IndexOf(" fail: ", StringComparison.Ordinal) + 7)..].Split(' ')[0]}"))
            .CountBy(kind => kind).OrderByDescending(kind => kind.Value).Select(kind => $"{kind.Value} × {kind.Key}"),
    ];
}
