using System.Security.Cryptography;
using System.Text;

namespace Tollgate.ServiceDefaults.ServiceAuthentication;

/// <summary>
/// The bearers of one service, parsed from its bearer file. A line is <c>send CALLEE BEARER</c> or <c>accept CALLER HASH</c>, where HASH
/// is the SHA-256 of the bearer in hex, so a service cannot forward what it accepts. A caller may have several valid hashes while its
/// bearer is rotated.
/// </summary>
public sealed class ServiceBearers
{
    private const int Digits = 64;
    private readonly Dictionary<string, string> _sent = [];
    private readonly Dictionary<string, List<byte[]>> _accepted = [];

    private ServiceBearers()
    {
    }

    /// <summary>Parses a bearer file.</summary>
    /// <exception cref="FormatException">A line has neither form. The message contains its number but not its text.</exception>
    public static ServiceBearers Parse(string text)
    {
        var bearers = new ServiceBearers();
        foreach (var (number, line) in text.Split('\n').Index())
        {
            switch (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                case [] or [['#', ..], ..]:
                    break;
                case ["send", var callee, { Length: Digits } bearer] when bearer.All(char.IsAsciiHexDigit):
                    bearers._sent[callee] = bearer;
                    break;
                case ["accept", var caller, { Length: Digits } hash] when hash.All(char.IsAsciiHexDigit):
                    bearers.HashesOf(caller).Add(Convert.FromHexString(hash));
                    break;
                default:
                    throw new FormatException(
                        $"line {number + 1} is neither 'send CALLEE BEARER' nor 'accept CALLER HASH' with {Digits} hex digits");
            }
        }

        return bearers;
    }

    /// <summary>Returns the bearer for <paramref name="callee"/>; null when this service does not call it.</summary>
    public string? To(string callee) => _sent.GetValueOrDefault(callee);

    /// <summary>Whether a hash of <paramref name="caller"/> is known.</summary>
    public bool Knows(string caller) => _accepted.ContainsKey(caller);

    /// <summary>
    /// Whether <paramref name="bearer"/> belongs to <paramref name="caller"/>. Takes the same time for any bearer of the right length.
    /// </summary>
    public bool Accepts(ReadOnlySpan<char> bearer, string caller)
    {
        if (bearer.Length != Digits || !_accepted.TryGetValue(caller, out var hashes))
        {
            return false;
        }

        Span<byte> shown = stackalloc byte[Digits * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(shown[..Encoding.UTF8.GetBytes(bearer, shown)], hash);
        var accepted = false;
        foreach (var known in hashes)
        {
            accepted |= CryptographicOperations.FixedTimeEquals(hash, known);
        }

        return accepted;
    }

    /// <summary>Creates new bearers for every call. Returns the text of each service's file, by service.</summary>
    public static IReadOnlyDictionary<string, string> Issue()
    {
        var texts = ServiceCall.Services.ToDictionary(service => service, _ => new StringBuilder());
        foreach (var (caller, callee) in ServiceCall.All)
        {
            var bearer = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Digits / 2));
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(bearer)));
            texts[caller].Append("send ").Append(callee).Append(' ').Append(bearer).Append('\n');
            texts[callee].Append("accept ").Append(caller).Append(' ').Append(hash).Append('\n');
        }

        return texts.ToDictionary(text => text.Key, text => text.Value.ToString());
    }

    /// <summary>Whether these files, by service, cover every call: each callee accepts what its caller sends.</summary>
    public static bool AreComplete(IReadOnlyDictionary<string, ServiceBearers> files) => ServiceCall.All.All(call =>
        files.TryGetValue(call.Caller, out var caller) && files.TryGetValue(call.Callee, out var callee)
            && caller.To(call.Callee) is { } bearer && callee.Accepts(bearer, call.Caller));

    private List<byte[]> HashesOf(string caller) =>
        _accepted.TryGetValue(caller, out var hashes) ? hashes : _accepted[caller] = [];
}
