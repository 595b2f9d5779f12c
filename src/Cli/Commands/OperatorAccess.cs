using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Cli.Commands;

/// <summary>Where the services of an installation listen, and what the operator shows to them.</summary>
/// <param name="Addresses">Base addresses of internal listeners, without a trailing slash, by service.</param>
/// <param name="Bearers">Text of the operator's bearer file.</param>
/// <param name="BearersFrom">Where that text comes from, for messages.</param>
public sealed record OperatorAccess(IReadOnlyDictionary<string, string> Addresses, string Bearers, string BearersFrom)
{
    private const string BearersVariable = "TOLLGATE__Cluster__Bearers_FILE";

    /// <summary>Services of a cluster that verbs call; the setting <c>Services:NAME</c> holds the address of each.</summary>
    private static readonly string[] Services = ["accounts", "billing"];

    /// <summary>Whether the environment of this process names a cluster: the address of any service.</summary>
    public static bool IsInEnvironment => Services.Any(service => Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(
        name => name.StartsWith($"TOLLGATE__Services__{service}", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Reads the access to a running installation of this machine.</summary>
    public static OperatorAccess Of(Endpoints endpoints) => new(
        new Dictionary<string, string>
        {
            ["accounts"] = endpoints.AccountsInternal,
            ["billing"] = endpoints.BillingInternal,
            ["gateway"] = endpoints.GatewayInternal,
        },
        File.ReadAllText(endpoints.OperatorBearers), endpoints.OperatorBearers);

    /// <summary>Reads the access to a cluster from the same settings that its services have.</summary>
    /// <exception cref="OperatorException">No bearers are given, or more than one address of a service.</exception>
    /// <exception cref="InvalidOperationException">A setting is not an address; the message names it.</exception>
    public static OperatorAccess Of(IConfiguration settings)
    {
        var addresses = new Dictionary<string, string>();
        foreach (var service in Services)
        {
            switch (settings.ReadAddresses($"Services:{service}"))
            {
                case []:
                    break;
                case [var address]:
                    addresses[service] = address.AbsoluteUri.TrimEnd('/');
                    break;
                default:
                    throw new OperatorException($"TOLLGATE__Services__{service} holds several addresses. Name one of them.");
            }
        }

        return settings["Cluster:Bearers"] is { Length: > 0 } bearers
            ? new OperatorAccess(addresses, bearers, BearersVariable)
            : throw new OperatorException($"{BearersVariable} is not set. It is the path of the operator's bearer file, operator_bearers.");
    }

    /// <summary>Returns the base address of a service.</summary>
    /// <exception cref="OperatorException">It is not known.</exception>
    public string AddressOf(string service) => Addresses.TryGetValue(service, out var address)
        ? address
        : throw new OperatorException($"TOLLGATE__Services__{service} is not set. It is the address of {service}'s internal listener.");
}
