using Microsoft.Extensions.Configuration;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Reads the settings of a process in a fixed order: <c>TOLLGATE__Section__Name</c> of the environment, then <c>--Section:Name=value</c>
/// of the arguments, which override it. In both, <c>Name_FILE</c> is the path of a file with the value. A list is one value separated by
/// blanks or commas, or the numbered settings <c>Name:0</c>, <c>Name:1</c> and so on. A list replaces the other source's list completely.
/// </summary>
public static class PlatformSettings
{
    private const string FileSuffix = "_FILE";

    /// <summary>Adds the environment and the arguments.</summary>
    /// <exception cref="InvalidOperationException">A file cannot be read, or a value is set twice; the message names it.</exception>
    public static void AddPlatformSettings(this IConfigurationBuilder builder, string[] args) => builder
        .AddInMemoryCollection(Resolve(new ConfigurationBuilder().AddEnvironmentVariables("TOLLGATE__").Build()))
        .AddInMemoryCollection(Resolve(new ConfigurationBuilder().AddCommandLine(args).Build()));

    /// <summary>Reads the settings without a service.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="AddPlatformSettings"/>.</exception>
    public static IConfigurationRoot Read(string[] args)
    {
        var builder = new ConfigurationBuilder();
        builder.AddPlatformSettings(args);
        return builder.Build();
    }

    /// <summary>Splits a list setting into its entries.</summary>
    public static IReadOnlyList<string> SplitList(string? value) =>
        (value ?? "").Split([',', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reads a list of base addresses, each with a trailing slash.</summary>
    /// <exception cref="InvalidOperationException">One is not an absolute http address; the message names the setting.</exception>
    public static IReadOnlyList<Uri> ReadAddresses(this IConfiguration configuration, string key) =>
        [.. SplitList(configuration[key]).Select(text =>
            Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url
                : throw new InvalidOperationException($"{key}: '{text}' is not an address such as http://127.0.0.1:8080."))];

    private static Dictionary<string, string?> Resolve(IConfiguration source)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Collect(source.GetChildren(), values);
        foreach (var (key, path) in values.Where(value => value.Key.EndsWith(FileSuffix, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            values.Remove(key);
            var name = key[..^FileSuffix.Length];
            if (string.IsNullOrEmpty(path))
            {
                continue;
            }

            if (!string.IsNullOrEmpty(values.GetValueOrDefault(name)))
            {
                throw new InvalidOperationException($"{name} and {key} are both set. Keep one of them.");
            }

            values[name] = ReadFile(key, path);
        }

        return values;
    }

    private static void Collect(IEnumerable<IConfigurationSection> sections, Dictionary<string, string?> values)
    {
        foreach (var section in sections)
        {
            var children = section.GetChildren().ToList();
            if (children.Count > 0 && children.TrueForAll(child => int.TryParse(child.Key, out _) && child.Value is not null))
            {
                if (!string.IsNullOrEmpty(section.Value))
                {
                    throw new InvalidOperationException($"{section.Path} and {children[0].Path} are both set. Keep one of them.");
                }

                values[section.Path] = string.Join(' ', children.Select(child => child.Value));
                continue;
            }

            if (section.Value is not null)
            {
                values[section.Path] = section.Value;
            }

            Collect(children, values);
        }
    }

    private static string ReadFile(string key, string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\n', '\r');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The file that {key} names cannot be read by the user {Environment.UserName}: {exception.Message}", exception);
        }
    }
}
