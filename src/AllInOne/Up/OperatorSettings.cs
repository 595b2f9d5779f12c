using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// What the operator set in the environment, by value or by file. It goes before everything that this program derives; the few settings that
/// one value cannot be right for in all services are refused by name instead of being ignored.
/// </summary>
internal sealed class OperatorSettings
{
    /// <summary>Sections and settings that this program decides alone, with what an operator sets instead.</summary>
    private static readonly (string Name, string Instead)[] Decided =
    [
        ("Listen", "choose ports with --api-port and --portal-port"),
        ("Services", "every part runs on this machine"),
        ("Cluster", "the secret is made in the data folder"),
        ("Host", "this program stops its parts itself"),
        ("Postgres", "set TOLLGATE__AllInOne__Postgres to a superuser's connection string"),
        ("Redis:ConnectionString", "set TOLLGATE__AllInOne__Redis"),
        ("Gateway:DataDirectory", "choose the data folder with --data"),
        ("Worker:DataDirectory", "choose the data folder with --data"),
        ("Models:Directory", "choose the data folder with --data"),
    ];

    private readonly IConfigurationRoot _environment;

    private OperatorSettings(IConfigurationRoot environment) => _environment = environment;

    /// <summary>Reads the environment.</summary>
    /// <exception cref="OperatorException">A setting is one that this program decides.</exception>
    /// <exception cref="InvalidOperationException">A file that a setting names cannot be read.</exception>
    public static OperatorSettings Read()
    {
        var environment = PlatformSettings.Read([]);
        foreach (var (name, instead) in Decided)
        {
            if (environment.AsEnumerable().FirstOrDefault(
                setting => !string.IsNullOrEmpty(setting.Value) && IsOf(setting.Key, name)).Key is { } key)
            {
                throw new OperatorException(
                    $"TOLLGATE__{key.Replace(":", "__", StringComparison.Ordinal)} cannot be set for `up`, which decides it: {instead}.");
            }
        }

        return new OperatorSettings(environment);
    }

    /// <summary>The operator's value; null where there is none.</summary>
    public string? this[string name] => _environment[name] is { Length: > 0 } value ? value : null;

    /// <summary>Whether the portal is reached from other machines, by a proxy in front of it.</summary>
    public bool IsPublic => this["Portal:PublicUrl"] is { } url && !Loopback.IsUrl(url);

    /// <summary>Payments go to the stand-in unless the operator has an account at Stripe, or strangers could pay with its free cards.</summary>
    public bool UsesFakeStripe => this["Stripe:ApiKey"] is null && !IsPublic;

    /// <summary>The operator's variables of the named sections, as they stand in the environment: a file stays a file.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Variables(IReadOnlyCollection<string> sections) =>
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value ?? ""))
            .Where(variable => variable.Value.Length > 0 && sections.Any(section =>
                variable.Key.StartsWith($"TOLLGATE__{section}__", StringComparison.OrdinalIgnoreCase)));

    private static bool IsOf(string key, string name) =>
        key.Equals(name, StringComparison.OrdinalIgnoreCase) || key.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase);
}
