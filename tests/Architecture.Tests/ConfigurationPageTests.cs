using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Architecture.Tests;

/// <summary><c>docs/configuration.md</c> has every setting that an options class takes, and no other of its section.</summary>
public sealed partial class ConfigurationPageTests
{
    [Fact]
    public void Every_setting_has_a_row()
    {
        var documented = Documented();

        Assert.Empty(Taken().SelectMany(section => section.Value).Except(documented));
    }

    [Fact]
    public void No_row_names_a_setting_that_its_section_does_not_take()
    {
        var taken = Taken();

        var ofSections = Documented().Where(setting => taken.ContainsKey(setting.Split(':')[0]));

        Assert.Empty(ofSections.Except(taken.SelectMany(section => section.Value)));
    }

    /// <summary>Names in the first column of the page's tables.</summary>
    private static HashSet<string> Documented() =>
    [
        .. Row().Matches(File.ReadAllText(Path.Combine(SharedFiles.Repository, "docs", "configuration.md")))
            .Select(match => match.Groups["setting"].Value),
    ];

    /// <summary>Names of the settings that options classes take, by section.</summary>
    private static Dictionary<string, HashSet<string>> Taken() => OptionsClasses.Settings()
        .GroupBy(setting => setting.Section)
        .ToDictionary(section => section.Key, section => section.Select(setting => setting.Name).ToHashSet());

    [GeneratedRegex(@"^\| `(?<setting>\w+:[\w:]+)`", RegexOptions.Multiline)]
    private static partial Regex Row();
}
