using System.Globalization;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Canaries;

/// <summary>What a comparison of two versions came to.</summary>
internal enum CanaryVerdict
{
    /// <summary>The window goes on, or there are too few requests to tell.</summary>
    Undecided = 0,

    /// <summary>The new version is no worse.</summary>
    Good,

    /// <summary>The new version is worse.</summary>
    Worse,
}

/// <summary>A verdict, and why in one sentence or two.</summary>
internal sealed record CanaryJudgement(CanaryVerdict Verdict, string Text);

/// <summary>
/// Compares the new version of a canary with the old one in the same window. A difference counts as worse when it exceeds the bound and
/// is more than chance; when it exceeds the bound and may be chance, the window goes on.
/// </summary>
internal sealed class CanaryJudge(CanaryTerms terms, string version, string oldVersion)
{
    /// <summary>One-sided 99 %, for the end of a window. At 95 %, 6 of 100 windows of an equal version counted as worse.</summary>
    private const double Likely = 2.326;

    /// <summary>One-sided 99.9 %, for the looks of every few seconds inside a window.</summary>
    private const double Sure = 3.09;

    /// <summary>Fewest failures that end a canary before its window does.</summary>
    private const int ClearFailures = 10;

    /// <summary>A version whose errors are known to be none.</summary>
    private static readonly Tally Faultless = new(int.MaxValue, 0, []);

    /// <summary>Judges a window in which both versions answer.</summary>
    /// <param name="isOver">Whether the window has lasted as long as it should.</param>
    public CanaryJudgement Judge(Tally now, Tally old, bool isOver)
    {
        if (IsClearlyFailing(now, old))
        {
            return new CanaryJudgement(CanaryVerdict.Worse, TextOfErrors(now, old));
        }

        if (!isOver)
        {
            return Undecided($"The window of {terms.Window:c} is not over.");
        }

        if (now.Requests < terms.LeastRequests || old.Requests < terms.LeastRequests)
        {
            return Undecided(string.Create(
                CultureInfo.InvariantCulture,
                $"Too few requests to judge: {terms.LeastRequests:#,##0} of each version are needed, version {version} had "
                + $"{now.Requests:#,##0} and version {oldVersion} {old.Requests:#,##0}."));
        }

        CanaryJudgement[] compared =
        [
            JudgeErrors(now, old), JudgeLatency("Median latency", Tally.Median, now, old),
            JudgeLatency("95th percentile of latency", Tally.High, now, old),
        ];
        return Array.Find(compared, one => one.Verdict == CanaryVerdict.Worse)
            ?? Array.Find(compared, one => one.Verdict == CanaryVerdict.Undecided)
            ?? new CanaryJudgement(CanaryVerdict.Good, string.Join(" ", compared.Select(one => one.Text)));
    }

    /// <summary>
    /// Judges the last window, in which the new version answers alone: by its errors, against those of the old version in the window
    /// before. Latency depends on the load and is not compared over two windows. Without a window before, as after a start at 100 %, no
    /// comparison can come any more: then the bound itself is the measure.
    /// </summary>
    public CanaryJudgement JudgeAlone(Tally now, Tally before, bool isOver)
    {
        var measure = before.Requests == 0 ? Faultless : before;
        if (IsClearlyFailing(now, measure))
        {
            return new CanaryJudgement(CanaryVerdict.Worse, TextOfErrors(now, before));
        }

        if (!isOver)
        {
            return Undecided($"Version {oldVersion} stays in memory for the last window of {terms.Window:c}.");
        }

        var errors = JudgeErrors(now, measure).Verdict;
        return errors == CanaryVerdict.Good
            ? new CanaryJudgement(CanaryVerdict.Good, $"Version {version} answered alone for {terms.Window:c}.")
            : errors == CanaryVerdict.Worse ? new CanaryJudgement(CanaryVerdict.Worse, TextOfErrors(now, before))
            : MaybeChance(TextOfErrors(now, before));
    }

    private bool IsClearlyFailing(Tally now, Tally old) => now.Failures >= ClearFailures
        && Proportions.LeastDifference((now.Failures, now.Requests), (old.Failures, old.Requests), Sure) > terms.MostExtraErrors / 100;

    private CanaryJudgement JudgeErrors(Tally now, Tally old)
    {
        var text = TextOfErrors(now, old);
        if (now.ErrorRate - old.ErrorRate <= terms.MostExtraErrors / 100)
        {
            return new CanaryJudgement(CanaryVerdict.Good, text);
        }

        return Proportions.LeastDifference((now.Failures, now.Requests), (old.Failures, old.Requests), Likely) > 0
            ? new CanaryJudgement(CanaryVerdict.Worse, text)
            : MaybeChance(text);
    }

    private CanaryJudgement JudgeLatency(string what, double quantile, Tally now, Tally old)
    {
        if (now.DurationAt(quantile) is not { } mine || old.DurationAt(quantile) is not { } theirs)
        {
            return new CanaryJudgement(CanaryVerdict.Good, $"{what}: not both versions answered a request.");
        }

        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {mine:#,##0} ms with version {version}, {theirs:#,##0} ms with version {oldVersion}, {mine / theirs:0.##} times; "
            + $"at most {terms.MostLatencyRatio:0.##} times is allowed.");
        if (mine <= theirs * terms.MostLatencyRatio)
        {
            return new CanaryJudgement(CanaryVerdict.Good, text);
        }

        return now.DurationAt(quantile, -Likely) > old.DurationAt(quantile, Likely)
            ? new CanaryJudgement(CanaryVerdict.Worse, text)
            : MaybeChance(text);
    }

    private string TextOfErrors(Tally now, Tally old) => string.Create(
        CultureInfo.InvariantCulture,
        $"Errors: {now.Failures:#,##0} of {now.Requests:#,##0} requests ({now.ErrorRate * 100:0.##} %) with version {version}, "
        + $"{old.Failures:#,##0} of {old.Requests:#,##0} ({old.ErrorRate * 100:0.##} %) with version {oldVersion}; "
        + $"at most {terms.MostExtraErrors:0.##} points more are allowed.");

    private static CanaryJudgement MaybeChance(string text) => Undecided($"{text} That may be chance; more requests decide.");

    private static CanaryJudgement Undecided(string text) => new(CanaryVerdict.Undecided, text);
}
