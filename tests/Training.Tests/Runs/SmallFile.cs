using System.Text.Json.Nodes;
using Tollgate.Testing;

namespace Tollgate.Training.Tests.Runs;

/// <summary>A training file of made-up opinions, whose labels follow from one word of each.</summary>
internal static class SmallFile
{
    private static readonly (string Label, string[] Words)[] Opinions =
    [
        ("good", ["fine", "lovely", "great"]), ("bad", ["awful", "poor", "broken"]), ("unsure", ["odd", "plain", "usual"]),
    ];

    private static readonly string[] Things = ["phone", "soup", "film", "song", "room", "road", "train"];

    /// <summary>Different texts; their number is at most 567.</summary>
    public static IEnumerable<(string Text, string Label)> Rows(int count, int labels = 3) => Enumerable.Range(0, count).Select(i =>
    {
        var (label, words) = Opinions[i % labels];
        string Thing(int part) => Things[i / part % Things.Length];
        return ($"The {Thing(3)} and the {Thing(21)} were {words[i / 3 % 3]}, not like that {Thing(147)}{new string('!', i % 4)}", label);
    });

    /// <returns>Path of the file.</returns>
    public static string Write(int count, int labels = 3)
    {
        var path = Path.Combine(TestFolder.Create("examples"), "train.jsonl");
        File.WriteAllLines(
            path, Rows(count, labels).Select(row => new JsonObject { ["text"] = row.Text, ["label"] = row.Label }.ToJsonString()));
        return path;
    }
}
