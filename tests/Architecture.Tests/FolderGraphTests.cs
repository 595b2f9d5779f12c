using ArchUnitNET.Loader;

namespace Tollgate.Architecture.Tests;

/// <summary>
/// The rules of <see cref="DirectionTests"/> are red where they are broken: in the folder <c>Planted</c>, and in sources.
/// </summary>
public sealed class FolderGraphTests
{
    private const string Root = "Tollgate.Architecture.Tests.Planted";

    [Fact]
    public void Two_folders_that_use_each_other_are_a_circle_with_an_example_of_each_step() => Assert.Equal(
        ["Lower (Floor uses Roof) → Upper (Roof uses Floor) → Lower"], Planted().Circles());

    [Fact]
    public void A_type_that_uses_one_above_its_folder_is_found() =>
        Assert.Equal(["Floor uses Root"], Planted().UsesOfTheRoot());

    [Fact]
    public void A_use_of_another_project_is_found() =>
        Assert.Contains("Testing", DirectionTests.References(typeof(FolderGraphTests).Assembly));

    [Fact]
    public void An_import_counts_where_the_compiled_type_shows_nothing()
    {
        var graph = new FolderGraph(Root);
        graph.Add($"{Root}.Upper", $"{Root}.Lower", "Roof.cs imports Lower"); // For a constant, which the compiler copies.
        graph.Add($"{Root}.Lower", $"{Root}.Upper", "Floor.cs imports Upper");

        Assert.Single(graph.Circles());
    }

    [Fact]
    public void A_circle_over_three_folders_is_found_once()
    {
        var graph = new FolderGraph(Root);
        graph.Add($"{Root}.A", $"{Root}.B.Inner", "A uses B");
        graph.Add($"{Root}.B", $"{Root}.C", "B uses C");
        graph.Add($"{Root}.C", $"{Root}.A", "C uses A");

        Assert.Equal(["A (A uses B) → B (B uses C) → C (C uses A) → A"], graph.Circles());
    }

    [Fact]
    public void Uses_in_one_direction_and_of_other_projects_are_right()
    {
        var graph = new FolderGraph(Root);
        graph.Add($"{Root}.A", $"{Root}.B", "A uses B");
        graph.Add($"{Root}.A", $"{Root}.C", "A uses C");
        graph.Add($"{Root}.B", $"{Root}.C", "B uses C");
        graph.Add($"{Root}.C", "Tollgate.Contracts.Usage", "C uses another project");
        graph.Add(Root, $"{Root}.A", "the root composes");

        Assert.Empty(graph.Circles());
        Assert.Empty(graph.UsesOfTheRoot());
    }

    private static FolderGraph Planted() => new FolderGraph(Root).Add(
        new ArchLoader().LoadNamespacesWithinAssembly(typeof(FolderGraphTests).Assembly, Root).Build());
}
