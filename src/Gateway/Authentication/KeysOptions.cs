using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Authentication;

/// <summary>Section <c>Keys</c>.</summary>
internal sealed class KeysOptions
{
    public const string Section = "Keys";

    /// <summary>
    /// The peppers under which secrets of keys are stored, <c>&lt;id&gt;:&lt;hex&gt;</c> parted by commas or white space; usually by
    /// <c>TOLLGATE__Keys__Peppers_FILE</c>. Shared with Accounts.
    /// </summary>
    [Required]
    public string Peppers { get; init; } = "";

    /// <summary>Keys, and policies, kept in memory. Default 100,000.</summary>
    [Range(100, 10_000_000)]
    public int Remembered { get; init; } = 100_000;

    /// <summary>How long a key that Accounts does not know is refused without asking Accounts again. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan RememberUnknown { get; init; } = TimeSpan.FromSeconds(5);
}

[OptionsValidator]
internal sealed partial class KeysOptionsValidator : IValidateOptions<KeysOptions>;

/// <summary>Section <c>Proxies</c>.</summary>
internal sealed class ProxyOptions
{
    public const string Section = "Proxies";

    /// <summary>Addresses, or networks in CIDR form, whose <c>X-Forwarded-For</c> is believed: a list. Default none.</summary>
    public string Trusted { get; init; } = "";

    /// <summary>The same, read.</summary>
    /// <exception cref="InvalidOperationException">An entry is neither; the message names it.</exception>
    public IReadOnlyList<IPNetwork> Networks() => [.. PlatformSettings.SplitList(Trusted).Select(Network)];

    private static IPNetwork Network(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw new InvalidOperationException($"Proxies:Trusted: '{text}' is not a network such as 10.0.0.0/8.");
}
