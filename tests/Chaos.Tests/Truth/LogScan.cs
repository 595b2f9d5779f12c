using Tollgate.Clusters;
using Tollgate.Chaos.Tests.Load;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>Reads the logs of the services for what may never stand there.</summary>
internal static class LogScan
{
    private const string Alarm = "no service raises an alarm or dies of an exception";
    private const string RestoreAlarm = " crit: Tollgate.Billing.Restores.RestoreWatch[11] Postgres was restored";
    private const string Error = "no log tells an error";
    private const string Leak = "no key or secret stands in a log";

    public static IEnumerable<string> Invariants => [Alarm, Leak];

    /// <param name="restores">Backups of Postgres that were restored: Billing must raise an alarm for each, and may twice where Postgres
    /// fell while it was sealing.</param>
    public static async Task<IReadOnlyList<Violation>> CheckAsync(TollgateCluster cluster, IEnumerable<Customer> customers, int restores)
    {
        var restored = 0;
        string[] secrets =
        [
            .. cluster.Secrets.All,
            .. customers.SelectMany(customer => customer.Keys).Select(key => key.Text),
        ];
        List<Violation> violations = [];
        foreach (var file in Files(cluster))
        {
            await foreach (var line in File.ReadLinesAsync(file))
            {
                var shown = $"{Path.GetFileName(file)}: {line[..Math.Min(line.Length, 400)]}";
                if (line.Contains(RestoreAlarm, StringComparison.Ordinal))
                {
                    restored++;
                }
                else if (line.Contains(" crit: ", StringComparison.Ordinal)
                    || line.Contains("Unhandled exception", StringComparison.Ordinal))
                {
                    violations.Add(new Violation(Alarm, shown));
                }

                if (secrets.Any(secret => line.Contains(secret, StringComparison.Ordinal)))
                {
                    violations.Add(new Violation(Leak, Path.GetFileName(file)));
                }
            }
        }

        if (restored < restores || restored > 2 * restores)
        {
            violations.Add(new Violation(Alarm, $"{restored} alarms for {restores} restored backups"));
        }

        return violations;
    }

    /// <summary>How long each log is now, bytes.</summary>
    public static IReadOnlyDictionary<string, long> Lengths(TollgateCluster cluster) =>
        Files(cluster).ToDictionary(file => file, file => new FileInfo(file).Length);

    /// <summary>Errors and unhandled exceptions that were written since <paramref name="lengths"/> were taken.</summary>
    public static async Task<IReadOnlyList<Violation>> CheckErrorsAsync(TollgateCluster cluster, IReadOnlyDictionary<string, long> lengths)
    {
        List<Violation> violations = [];
        foreach (var file in Files(cluster))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            stream.Position = lengths.GetValueOrDefault(file);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.Contains(" fail: ", StringComparison.Ordinal) || line.Contains(" crit: ", StringComparison.Ordinal)
                    || line.Contains("Unhandled exception", StringComparison.Ordinal))
                {
                    violations.Add(new Violation(Error, $"{Path.GetFileName(file)}: {line[..Math.Min(line.Length, 800)]}"));
                }
            }
        }

        return violations;
    }

    /// <summary>How often each kind of error stands in the logs, most frequent first; not all are faults of ours.</summary>
    public static IReadOnlyList<string> CountErrors(TollgateCluster cluster) =>
    [
        .. Files(cluster)
            .SelectMany(file => File.ReadLines(file)
                .Select(ErrorCategory).OfType<string>().Select(category => $"{ServiceOf(file)} {category}"))
            .CountBy(kind => kind).OrderByDescending(kind => kind.Value).Select(kind => $"{kind.Value} × {kind.Key}"),
    ];

    private static IEnumerable<string> Files(TollgateCluster cluster) => Directory.GetFiles(Path.Combine(cluster.Folder, "logs"), "*.log")
        .Where(file => Path.GetFileName(file) is not ("clients.log" or "faults.log"));

    private static string ServiceOf(string file) => Path.GetFileNameWithoutExtension(file).Split('-')[0];

    /// <summary>Category and event id of a line that tells an error; null for any other.</summary>
    private static string? ErrorCategory(string line) =>
        line.IndexOf(" fail: ", StringComparison.Ordinal) is >= 0 and var at ? line[(at + 7)..].Split(' ')[0] : null;
}
