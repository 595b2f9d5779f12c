using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Tollgate.Clusters;

/// <summary>What the repository's docker-compose.yml says of one service.</summary>
/// <param name="Command">Program and arguments.</param>
/// <param name="Environment">With <c>${NAME:-default}</c> replaced by the default.</param>
/// <param name="Secrets">Names; each is a file at <c>/run/secrets/&lt;name&gt;</c> inside the container.</param>
/// <param name="Health">Program and arguments of the health check, a program of infra/containers or of the image; empty where there is
/// none, or where it asks a shell.</param>
public sealed record ComposeService(
    string Name, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, IReadOnlyList<string> Secrets,
    IReadOnlyList<string> Health);

/// <summary>Reads docker-compose.yml, so that the processes of the tests are those of the containers and cannot drift from them.</summary>
public static class ComposeFile
{
    public static IReadOnlyDictionary<string, ComposeService> Read(string path)
    {
        var parser = new MergingParser(new Parser(new StringReader(File.ReadAllText(path))));
        var file = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(parser);
        return Map(file["services"]).ToDictionary(service => service.Key, service => ReadService(service.Key, Map(service.Value)));
    }

    private static ComposeService ReadService(string name, Dictionary<string, object> service) => new(
        name,
        List(service.GetValueOrDefault("command")),
        service.TryGetValue("environment", out var environment)
            ? Map(environment).ToDictionary(e => e.Key, e => Default(e.Value as string ?? ""))
            : new Dictionary<string, string>(),
        List(service.GetValueOrDefault("secrets")),
        service.TryGetValue("healthcheck", out var health) && List(Map(health).GetValueOrDefault("test")) is ["CMD", .. var command]
            ? command
            : []);

    private static Dictionary<string, object> Map(object value) =>
        ((Dictionary<object, object>)value).ToDictionary(entry => (string)entry.Key, entry => entry.Value);

    private static List<string> List(object? value) => value is List<object> items ? [.. items.Cast<string>()] : [];

    private static string Default(string value)
    {
        while (value.IndexOf("${", StringComparison.Ordinal) is >= 0 and var start)
        {
            var end = value.IndexOf('}', start);
            var inside = value[(start + 2)..end];
            var marker = inside.IndexOf(":-", StringComparison.Ordinal);
            value = value[..start] + (marker < 0 ? "" : inside[(marker + 2)..]) + value[(end + 1)..];
        }

        return value;
    }
}
