using System.Globalization;

namespace Tollgate.FederatedKit.Rounds;

/// <summary>
/// Rounds in which this participant disclosed shares, in a file that outlives the process. It takes part in no further attempt of such a
/// round: two sums over different members would show the difference, a single update.
/// </summary>
internal sealed class RoundMemory(string path)
{
    /// <summary>Whether shares were disclosed in another attempt of a round.</summary>
    public bool Forbids(string task, int round, int attempt) => File.Exists(path) && File.ReadLines(path).Any(line =>
        line.StartsWith(Place(task, round), StringComparison.Ordinal) && line != Line(task, round, attempt));

    /// <summary>Notes an attempt, before anything of it is disclosed.</summary>
    public void Note(string task, int round, int attempt) => File.AppendAllLines(path, [Line(task, round, attempt)]);

    private static string Place(string task, int round) => string.Create(CultureInfo.InvariantCulture, $"{task} round {round} ");

    private static string Line(string task, int round, int attempt) =>
        string.Create(CultureInfo.InvariantCulture, $"{Place(task, round)}attempt {attempt}");
}
