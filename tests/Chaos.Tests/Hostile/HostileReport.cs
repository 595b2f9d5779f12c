using System.Globalization;
using System.Text;
using Tollgate.Chaos.Tests.Truth;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>The outcome of a hostile run; as text, the table that is printed.</summary>
internal sealed class HostileReport(int seed, IReadOnlyList<HostileAnswer> answers, MemoryWatch memory, IReadOnlyList<Violation> found)
{
    public const string Refused = "a refusal costs nothing";
    public const string Unseen = "nobody pays for an answer that did not come";
    private const string Status = "every status is one that is documented";
    private const string Honest = "an honest call in between is answered, or told to come back";
    private const string Silent = "no connection is left without answer or end";
    private const string Flat = "memory is flat";

    /// <summary>How much memory may grow over three quarters of the requests, MiB.</summary>
    private const long MostGrowthMiB = 64;

    public IReadOnlyList<Violation> Violations { get; } = [.. found, .. Judge(answers), .. Judge(memory)];

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"seed {seed}, {answers.Count} connections, {answers.Sum(a => a.Answers.Count)} answers");
        foreach (var kind in answers.GroupBy(answer => answer.Request.Kind).OrderBy(kind => kind.Key))
        {
            var statuses = kind.SelectMany(answer => answer.Answers).CountBy(answer => answer.Status).OrderBy(status => status.Key)
                .Select(status => $"{status.Key}: {status.Value}");
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{kind.Key,-18} {kind.Count(),7}  closed without answer {kind.Count(answer => answer.Answers.Count == 0),6}"
                + $"  {string.Join("  ", statuses)}");
        }

        foreach (var (when, size) in memory.Looks)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"resident memory {when}: {size} MiB");
        }

        foreach (var violation in Violations.GroupBy(violation => violation.Invariant))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"BROKEN  {violation.Key}: {violation.Count()}");
            foreach (var one in violation.Take(5))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"        {one.Evidence}");
            }
        }

        return text.Append(Violations.Count == 0 ? "all hold" : "").ToString();
    }

    private static IEnumerable<Violation> Judge(IReadOnlyList<HostileAnswer> answers)
    {
        foreach (var answer in answers)
        {
            var (kind, number) = (answer.Request.Kind, answer.Number);
            foreach (var (status, _) in answer.Answers.Where(one => !IsDocumented(one.Status, answer)))
            {
                yield return new Violation(Status, $"number {number}, {kind}: {status} {answer.Text[..Math.Min(600, answer.Text.Length)]}");
            }

            if (answer.Request.MustSucceed && answer.Answers is not [{ Status: 200 or 503 }])
            {
                yield return new Violation(Honest, $"number {number}: {answer.Text[..Math.Min(600, answer.Text.Length)]}");
            }

            if (answer.Silent)
            {
                yield return new Violation(Silent, $"number {number}, {kind}");
            }
        }
    }

    /// <summary>
    /// 503 only with a time to come back; 505 is HTTP's own word for a version that is none, said before any of our code runs.
    /// </summary>
    private static bool IsDocumented(int status, HostileAnswer answer) =>
        status < 500
        || (status == 503 && answer.Text.Contains("Retry-After:", StringComparison.OrdinalIgnoreCase))
        || (status == 505 && answer.Request.Kind is "other protocols" or "truncated");

    private static IEnumerable<Violation> Judge(MemoryWatch memory) =>
        memory.Looks[^1].MiB - memory.Looks[0].MiB > MostGrowthMiB
            ? [new Violation(Flat, string.Join(", ", memory.Looks.Select(look => $"{look.When} {look.MiB} MiB")))]
            : [];
}
