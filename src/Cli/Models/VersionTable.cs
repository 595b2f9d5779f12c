using System.Globalization;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Cli.Models;

/// <summary>Prints versions and canaries.</summary>
internal static class VersionTable
{
    private const int Mebi = 1 << 20;

    /// <summary>A line for each version, and below a model how its canary stands.</summary>
    public static async Task WriteAsync(IReadOnlyList<VersionedModel> models, TextWriter output)
    {
        await output.WriteLineAsync(
            $"{"MODEL",-32} {"VERSION",-8} {"STATE",-24} {"SHARE",8} {"SHADOW",7} {"MEMORY",10} {"REQUESTS",9} {"FAILED",8} {"MEDIAN",10}"
            + $" {"95 %",10}");
        foreach (var model in models)
        {
            foreach (var version in model.Versions)
            {
                await output.WriteLineAsync(Line(model, version));
            }

            foreach (var note in Notes(model))
            {
                await output.WriteLineAsync($"  {note}");
            }
        }
    }

    /// <summary>A line for each canary, and below it what happened.</summary>
    public static async Task WriteAsync(IReadOnlyList<CanaryReport> canaries, TextWriter output)
    {
        await output.WriteLineAsync($"{"STARTED",-20} {"ENDED",-20} {"VERSION",-8} {"AGAINST",-8} {"STATE",-12}");
        foreach (var canary in canaries)
        {
            var ended = canary.EndedAt is { } end ? Instant(end) : "-";
            await output.WriteLineAsync(
                $"{Instant(canary.StartedAt),-20} {ended,-20} {canary.Version,-8} {canary.OldVersion,-8} {StateOf(canary.State),-12}");
            foreach (var one in canary.Events)
            {
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"  {Instant(one.At)} {one.Share,3} %  {one.Text}"));
            }
        }
    }

    private static string Line(VersionedModel model, VersionLine version) => string.Create(
        CultureInfo.InvariantCulture,
        $"{model.Model,-32} {version.Version,-8} {States(version),-24} {version.Share * 100,6:0.##} % {Shadow(version),7}"
        + $" {Memory(version),10} {Figures(version.Answers)}").TrimEnd();

    /// <summary>The states of a version with the number of workers in each, such as <c>ready 2, loading 1</c>.</summary>
    private static string States(VersionLine version)
    {
        var states = version.Places.GroupBy(place => place.State).OrderBy(state => state.Key)
            .Select(state => $"{state.Key.ToString().ToLowerInvariant()} {state.Count()}").ToList();
        return states.Count == 0 ? "not installed" : string.Join(", ", version.Kept ? states.Append("kept") : states);
    }

    private static string Shadow(VersionLine version) =>
        version.ShadowPercent == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{version.ShadowPercent} %");

    /// <summary>The most that one worker needs.</summary>
    private static string Memory(VersionLine version)
    {
        var most = version.Places.Select(place => place.MemoryBytes).DefaultIfEmpty(0).Max();
        return most > 0 ? string.Create(CultureInfo.InvariantCulture, $"{most / Mebi} MiB") : "-";
    }

    private static string Figures(VersionFigures? figures) => figures is null
        ? $"{"-",9} {"-",8} {"-",10} {"-",10}"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{figures.Requests,9} {figures.Failures,8} {Duration(figures.MedianMs),10} {Duration(figures.HighMs),10}");

    private static string Duration(double? milliseconds) =>
        milliseconds is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:0} ms") : "-";

    private static IEnumerable<string> Notes(VersionedModel model)
    {
        if (model.Plan is { Unloaded: true })
        {
            var leaving = model.Versions.SelectMany(version => version.Places).Where(place => place.Leaving > 0).ToList();
            yield return leaving.Count == 0 ? "Unloaded: no worker has it in memory."
                : $"Unloaded: it leaves memory once its {leaving.Sum(place => place.Leaving)} running requests have ended, at "
                    + string.Join(", ", leaving.Select(place => place.Worker).Distinct()) + ".";
        }

        foreach (var warning in model.FindWarnings())
        {
            yield return $"Warning: {warning}";
        }

        foreach (var version in model.Versions)
        {
            foreach (var place in version.Places.Where(place => place.State == ModelState.Broken))
            {
                yield return $"Version {version.Version} cannot be served by {place.Worker}: {place.Error}";
            }

            if (version.Shadows is { } copies)
            {
                yield return $"Copies at version {version.Version}: " + Sentence(copies);
            }
        }

        if (model.Canary is { } canary)
        {
            yield return $"Canary: version {canary.Version} at {canary.Share} %, against version {canary.OldVersion}, since "
                + $"{Instant(canary.WindowBeganAt)}. {canary.Standing}";
        }
    }

    private static string Sentence(VersionFigures figures) => string.Create(
        CultureInfo.InvariantCulture,
        $"{figures.Requests} requests, {figures.Failures} failed, median {Duration(figures.MedianMs)}, 95 % {Duration(figures.HighMs)}.");

    private static string StateOf(CanaryState state) => state switch
    {
        CanaryState.Done => "done",
        CanaryState.RolledBack => "rolled back",
        _ => "running",
    };

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
