using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Architecture.Tests;

/// <summary>The source files of one project below <c>src</c>.</summary>
/// <param name="Name">Its folder, such as <c>Gateway</c>; its namespaces begin with <c>Tollgate.</c> and this name.</param>
internal sealed partial record ServiceSources(string Name)
{
    /// <summary>The projects whose folders are checked; each is one part that runs or a library under them.</summary>
    public static string[] Checked { get; } =
    [
        "Accounts", "AllInOne", "Billing", "Cli", "Contracts", "FederatedKit", "Gateway", "Inference", "Learning", "LocalServers",
        "ServiceDefaults", "Training",
    ];

    private string Root => Path.Combine(SharedFiles.Repository, "src", Name);

    /// <summary>Every <c>.cs</c> and <c>.razor</c> file, as a path inside the project.</summary>
    public IEnumerable<string> Files() => Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
        .Where(path => path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".razor", StringComparison.Ordinal))
        .Select(path => Path.GetRelativePath(Root, path))
        .Where(path => !path.StartsWith("obj/", StringComparison.Ordinal) && !path.StartsWith("bin/", StringComparison.Ordinal));

    public string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>Namespaces that the file imports. They show what a compiled type does not: constants and <c>nameof</c>.</summary>
    public IEnumerable<string> Imports(string file) =>
        Import().Matches(Read(file)).Select(match => match.Groups["namespace"].Value);

    /// <summary>The namespace that the file declares; null for a file without one, such as a <c>.razor</c> file.</summary>
    public string? DeclaredNamespace(string file) =>
        Declaration().Match(Read(file)) is { Success: true } match ? match.Groups["namespace"].Value : null;

    /// <summary>The namespace of a file by where it lies.</summary>
    public string ExpectedNamespace(string file) =>
        string.Join('.', [$"Tollgate.{Name}", .. (Path.GetDirectoryName(file) ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries)]);

    [GeneratedRegex(@"^@?(?:global )?using (?:static )?(?:\w+ = )?(?<namespace>Tollgate\.[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Import();

    [GeneratedRegex(@"^(?:namespace|@namespace) (?<namespace>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
