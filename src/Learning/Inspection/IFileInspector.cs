using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Learning.Inspection;

/// <summary>Reads a file while it comes and reports what makes it useless for its purpose.</summary>
internal interface IFileInspector
{
    /// <summary>
    /// Reads a content, which is never whole in memory. It may stop early; the caller reads the rest. Exceptions of the stream pass
    /// through.
    /// </summary>
    /// <param name="purpose">One of <c>FilePurposes.Accepted</c>.</param>
    /// <param name="content">The plain bytes, readable once.</param>
    Task<FileReport> InspectAsync(string purpose, Stream content, CancellationToken cancellationToken);
}

/// <summary>What an inspection found.</summary>
/// <param name="Faults">
/// In the order of the file, each a sentence that names its line. Empty for a file that can be used. They may repeat text of the file and
/// go when it is deleted.
/// </param>
internal sealed record FileReport(IReadOnlyList<string> Faults)
{
    private const int MostShown = 10;

    /// <summary>A file without a fault.</summary>
    public static FileReport Sound { get; } = new([]);

    /// <summary>All faults, those that are not listed too.</summary>
    public long Count { get; init; } = Faults.Count;

    /// <summary>OpenAI's <c>status_details</c>; null without a fault.</summary>
    public string? Details => Faults.Count == 0 ? null
        : string.Join(' ', Faults.Take(MostShown)) + (Count > MostShown
            ? string.Create(CultureInfo.InvariantCulture, $" And {Count - MostShown} more: GET /v1/files/{{id}}/validation lists them.")
            : "");
}

/// <summary>Registers the inspection.</summary>
internal static class InspectionSlice
{
    public static IServiceCollection AddInspection(this IServiceCollection services) =>
        services.AddSingleton<IFileInspector, DatasetInspector>();
}
