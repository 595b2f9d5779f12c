using System.Reflection;
using ArchUnitNET.Loader;

namespace Tollgate.Architecture.Tests;

/// <summary>Imports go one way: between the folders of a project, and between the projects.</summary>
public sealed class DirectionTests
{
    /// <summary>The only projects below <c>src</c> that each project may use.</summary>
    private static readonly Dictionary<string, string[]> Below = new()
    {
        ["Contracts"] = [],
        ["ServiceDefaults"] = ["Contracts"],
        ["LocalServers"] = ["ServiceDefaults"],
        ["Accounts"] = ["Contracts", "ServiceDefaults"],
        ["Billing"] = ["Contracts", "ServiceDefaults"],
        ["Gateway"] = ["Contracts", "ServiceDefaults"],
        ["Inference"] = ["Contracts", "ServiceDefaults"],
        ["Training"] = ["Contracts", "Inference", "ServiceDefaults"],
        ["FederatedKit"] = ["Contracts", "Inference", "Training"],
        ["Learning"] = ["Contracts", "ServiceDefaults"],
        ["Cli"] = ["Contracts", "Inference", "LocalServers", "ServiceDefaults"],
        ["AllInOne"] =
        [
            "Accounts", "Billing", "Cli", "Contracts", "FakeStripe", "Gateway", "Inference", "Learning", "LocalServers", "ServiceDefaults",
            "Training",
        ],
    };

    public static TheoryData<string> Projects => [.. ServiceSources.Checked];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_of_a_project_use_each_other_in_one_direction(string project) =>
        Assert.Empty(Graph(project).Circles());

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_folder_uses_what_lies_above_it(string project) =>
        Assert.Empty(Graph(project).UsesOfTheRoot());

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_projects_below_it(string project) =>
        Assert.Empty(References(Load(project)).Except(Below[project]));

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_file_declares_the_namespace_of_its_folder(string project)
    {
        var sources = new ServiceSources(project);

        var elsewhere = sources.Files().Where(
            file => sources.DeclaredNamespace(file) is { } declared && declared != sources.ExpectedNamespace(file));

        Assert.Empty(elsewhere);
    }

    [Fact]
    public void Every_project_is_checked() => Assert.Equal(
        Directory.EnumerateFiles(Path.Combine(Testing.SharedFiles.Repository, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal),
        ServiceSources.Checked.Order(StringComparer.Ordinal));

    private static FolderGraph Graph(string project) => new FolderGraph($"Tollgate.{project}")
        .Add(new ArchLoader().LoadAssemblies(Load(project)).Build())
        .Add(new ServiceSources(project));

    /// <summary>Projects of ours that an assembly uses.</summary>
    internal static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!)
        .Where(name => name.StartsWith("Tollgate.", StringComparison.Ordinal))
        .Select(name => name["Tollgate.".Length..]);

    private static Assembly Load(string project) => Assembly.Load($"Tollgate.{project}");
}
