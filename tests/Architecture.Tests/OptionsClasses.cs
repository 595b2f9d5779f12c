using System.Reflection;

namespace Tollgate.Architecture.Tests;

/// <summary>A setting of an options class: a property that can be set.</summary>
/// <param name="Section">The class' constant <c>Section</c>.</param>
internal sealed record Setting(string Section, PropertyInfo Property)
{
    /// <summary>As an operator writes it, such as <c>Till:LeaseWait</c>.</summary>
    public string Name => $"{Section}:{Property.Name}";
}

/// <summary>The options classes: those with a constant <c>Section</c>.</summary>
internal static class OptionsClasses
{
    private static readonly string[] Projects = [.. ServiceSources.Checked, "FakeStripe"];

    public static IEnumerable<Assembly> Assemblies() => Projects.Select(name => Assembly.Load($"Tollgate.{name}"));

    public static IEnumerable<Setting> Settings() =>
        from type in Assemblies().SelectMany(assembly => assembly.GetTypes())
        where type.Name.EndsWith("Options", StringComparison.Ordinal) // Manifests of models have sections too.
        let section = type.GetField("Section", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        where section is { IsLiteral: true }
        from property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
        where property.SetMethod?.IsPublic == true
        select new Setting((string)section.GetRawConstantValue()!, property);
}
