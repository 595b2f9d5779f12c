using Tollgate.Cli.Commands;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// The operator's settings from the environment, by value or by file. They override everything that this program derives. Settings for
/// which no single value is right in all services are refused by name instead of being ignored.
/// </summary>
internal sealed class OperatorSettings
{
    /// <summary>Sections and settings that only this program decides, with the operator's alternative.</summary>
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
        (DevelopmentPages.TokenSetting, "the token is made in the data folder"),
        ("FakeStripe:ApiKey", "the secrets of the stand-in for Stripe are made in the data folder"),
        ("FakeStripe:WebhookSecret", "the secrets of the stand-in for Stripe are made in the data folder"),
        ("FakeStripe:WebhookUrl", "its events go to the portal of this machine"),
        ("FakeStripe:StateFile", "choose the data folder with --data"),
    ];

    private readonly IConfigurationRoot _environment;

    private OperatorSettings(IConfigurationRoot environment) => _environment = environment;

    /// <summary>Reads the environment.</summary>
    /// <exception cref="OperatorException">The environment sets a value that this program decides.</exception>
    /// <exception cref="InvalidOperationException">The file of a setting cannot be read.</exception>
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

        RefuseOneNameForAll();
        return new OperatorSettings(environment);
    }

    /// <summary>Returns the operator's value; null when there is none.</summary>
    public string? this[string name] => _environment[name] is { Length: > 0 } value ? value : null;

    /// <summary>Whether other machines reach the portal, through a proxy in front of it.</summary>
    public bool IsPublic => this["Portal:PublicUrl"] is { } url && !Loopback.IsUrl(url);

    /// <summary>
    /// Whether payments go to the fake Stripe: only without a Stripe key and on a private portal, because strangers could pay with its
    /// free cards.
    /// </summary>
    public bool UsesFakeStripe => this["Stripe:ApiKey"] is null && !IsPublic;

    /// <summary>Returns the operator's variables of the named sections, unchanged: a file stays a file.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Variables(IReadOnlyCollection<string> sections) =>
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value ?? ""))
            .Where(variable => variable.Value.Length > 0 && sections.Any(section =>
                variable.Key.StartsWith($"TOLLGATE__{section}__", StringComparison.OrdinalIgnoreCase)));

    /// <exception cref="OperatorException">A standard variable names the service, and there are several.</exception>
    private static void RefuseOneNameForAll()
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME")))
        {
            throw new OperatorException(
                "OTEL_SERVICE_NAME cannot be set for `up`, which runs several services: "
                + "set service.namespace in OTEL_RESOURCE_ATTRIBUTES.");
        }
    }

    private static bool IsOf(string key, string name) =>
        key.Equals(name, StringComparison.OrdinalIgnoreCase) || key.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase);
}
