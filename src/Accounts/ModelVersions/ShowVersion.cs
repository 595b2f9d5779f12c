using System.Globalization;
using Tollgate.Accounts.Portal;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.ModelVersions;

/// <summary>Formats versions and canaries for pages.</summary>
internal static class ShowVersion
{
    /// <param name="share">0 to 1.</param>
    public static string Share(double share) => (share * 100).ToString("0.##", CultureInfo.InvariantCulture) + " %";

    public static string Milliseconds(double? duration) =>
        duration is { } value ? value.ToString("#,##0", CultureInfo.InvariantCulture) + " ms" : "—";

    public static string Failures(VersionFigures figures) => figures.Requests == 0
        ? "0"
        : $"{Show.Count(figures.Failures)} ({Share((double)figures.Failures / figures.Requests)})";

    public static string Figures(VersionFigures figures) =>
        $"{Show.Count(figures.Requests)} requests, {Failures(figures)} failed, median {Milliseconds(figures.MedianMs)}, "
        + $"95 % within {Milliseconds(figures.HighMs)}";

    /// <summary>The serving versions of a model with their shares.</summary>
    public static string Serving(VersionedModel model) => model.Plan is { Unloaded: true } ? "unloaded" : string.Join(
        ", ", model.Versions.Where(version => version.Share > 0).Select(version => $"{version.Version} ({Share(version.Share)})"));

    public static string State(ModelState state) => state.ToString().ToLowerInvariant();

    public static string Badge(ModelState state) => state switch
    {
        ModelState.Ready => "good",
        ModelState.Loading => "warn",
        ModelState.Broken => "bad",
        _ => "",
    };

    public static string State(CanaryState state) => state switch
    {
        CanaryState.Done => "done",
        CanaryState.RolledBack => "rolled back",
        _ => "running",
    };

    public static string Badge(CanaryState state) => state switch
    {
        CanaryState.Done => "good",
        CanaryState.RolledBack => "bad",
        _ => "warn",
    };

    public static string Parity(ModelParity parity) => string.Create(
        CultureInfo.InvariantCulture,
        $"{parity.Agreed} of {parity.Tokens} likeliest tokens are the source's, divergence {parity.Divergence:0.#####} nats, perplexity "
        + $"{parity.Perplexity:0.##} (source {parity.SourcePerplexity:0.##})");
}
