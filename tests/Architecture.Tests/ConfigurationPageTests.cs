using System.Reflection;
using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Architecture.Tests;

/// <summary><c>docs/configuration.md</c> has every setting that an options class takes, and no other of its section.</summary>
public sealed partial class ConfigurationPageTests
{
    private static readonly string[] Assemblies = [.. ServiceSources.Checked, "FakeStripe"];

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

    /// <summary>
    /// Settings of the options classes, by section: classes with a constant <c>Section</c>, and their properties that can be set.
    /// </summary>
    private static Dictionary<string, HashSet<string>> Taken() => Assemblies
        .SelectMany(name => Assembly.Load($"Tollgate.{name}").GetTypes())
        .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal)) // Manifests of models have sections too.
        .Select(type => (Type: type, Section: type.GetField("Section", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)))
        .Where(it => it.Section is { IsLiteral: true })
        .Select(it => (it.Type, Section: (string)it.Section!.GetRawConstantValue()!))
        .GroupBy(it => it.Section)
        .ToDictionary(
            group => group.Key,
            group => group.SelectMany(it => it.Type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
                .Where(property => property.SetMethod?.IsPublic == true)
                .Select(property => $"{it.Section}:{property.Name}")).ToHashSet());

    [GeneratedRegex(@"^\| `(?<setting>\w+:[\w:]+)`", RegexOptions.Multiline)]
    private static partial Regex Row();
}
