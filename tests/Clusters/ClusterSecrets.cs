using System.Security.Cryptography;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Clusters;

/// <summary>Passwords of a cluster's servers, made anew for each cluster.</summary>
/// <param name="Schemas">Those of the roles, by schema.</param>
public sealed record ServerPasswords(string Postgres, string Redis, IReadOnlyDictionary<string, string> Schemas)
{
    public static ServerPasswords Create(IEnumerable<string> schemas) =>
        new(Random(), Random(), schemas.ToDictionary(schema => schema, _ => Random()));

    private static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}

/// <summary>
/// The secret files of one cluster, as infra/make-secrets.sh writes them for the containers, with this machine's addresses inside.
/// </summary>
public sealed class ClusterSecrets
{
    private readonly string _folder;

    public ClusterSecrets(string folder, ServerPasswords passwords, string redisConnection, Func<string, string> postgresConnection)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        foreach (var (service, text) in Bearers)
        {
            Write(service + "_bearers", text);
        }

        Peppers = Write("peppers", "p1:" + Random());
        Write("redis_connection", redisConnection);
        Write("accounts_postgres", postgresConnection("accounts"));
        Write("billing_postgres", postgresConnection("billing"));
        Write("learning_postgres", postgresConnection("learning"));
        var masterKeys = Write("master_keys", "k1:" + Random());
        Write("smtp_password", "");
        StripeApiKey = Write("stripe_api_key", "sk_test_" + Random());
        StripeWebhookSecret = Write("stripe_webhook_secret", "whsec_" + Random());
        All =
        [
            .. Bearers.Values.SelectMany(SentIn), Peppers.Split(':')[1], masterKeys.Split(':')[1], StripeApiKey, StripeWebhookSecret,
            passwords.Postgres, passwords.Redis, .. passwords.Schemas.Values,
        ];
    }

    /// <summary>All that may never stand in a log.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>Text of the bearer file of each service and of the operator.</summary>
    public IReadOnlyDictionary<string, string> Bearers { get; } = ServiceBearers.Issue();

    public string Peppers { get; }

    public string StripeApiKey { get; }

    public string StripeWebhookSecret { get; }

    /// <summary>Where a container's <c>/run/secrets/…</c> lies on this machine.</summary>
    public string Resolve(string value) => value.Replace("/run/secrets", _folder, StringComparison.Ordinal);

    /// <summary>One more secret file. Returns its path.</summary>
    public string Add(string name, string value)
    {
        Write(name, value);
        return Path.Combine(_folder, name);
    }

    private static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private static IEnumerable<string> SentIn(string text) =>
        ServiceCall.Services.Select(ServiceBearers.Parse(text).To).OfType<string>();

    private string Write(string name, string value)
    {
        File.WriteAllText(Path.Combine(_folder, name), value + "\n");
        return value;
    }
}
