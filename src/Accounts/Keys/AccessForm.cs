using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Keys;

/// <summary>Form for what a key may do.</summary>
public sealed class AccessForm : ModelsForm
{
    private const int MostNetworks = 100;
    private const string TimeFormat = "yyyy-MM-ddTHH:mm";

    /// <summary>The ticked endpoints. Ticking all of them includes endpoints added later.</summary>
    public string[]? Scopes { get; set; }

    /// <summary>One network in CIDR form or one address per line; empty for any network.</summary>
    public string? Networks { get; set; }

    /// <summary>UTC, in the format of a browser's date and time field; empty for never.</summary>
    public string? ExpiresAt { get; set; }

    /// <summary>Fills a form from a key's access.</summary>
    internal static AccessForm Of(KeyAccess access)
    {
        var form = new AccessForm
        {
            Scopes = access.Scopes ?? [.. PublicEndpoint.All.Select(endpoint => endpoint.Scope)],
            Networks = string.Join('\n', access.Networks ?? []),
            ExpiresAt = access.ExpiresAt?.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture),
        };
        form.Fill(access.ModelsAllowed, access.ModelsDenied);
        return form;
    }

    /// <summary>Reads the form. Returns false when a member is wrong.</summary>
    /// <param name="current">The key's current access: an unchanged expiry may lie in the past.</param>
    /// <param name="errors">By member; empty when the result is true.</param>
    internal bool TryRead(
        KeyAccess current, DateTimeOffset now, [NotNullWhen(true)] out KeyAccess? access, out ILookup<string, string> errors)
    {
        List<(string Member, string Text)> wrong = [];
        string[] scopes =
        [
            .. PublicEndpoint.All.Select(endpoint => endpoint.Scope).Where(scope => Scopes?.Contains(scope) == true),
        ];
        if (scopes.Length == 0)
        {
            wrong.Add((nameof(Scopes), "Tick at least one endpoint. To stop the key, disable it."));
        }

        var (allowed, denied) = ReadModels(out var faulty);
        if (faulty is not null)
        {
            wrong.Add((nameof(Models), faulty));
        }

        var networks = ReadNetworks(wrong);
        var expires = ReadExpiry(current, now, wrong);
        errors = wrong.ToLookup(e => e.Member, e => e.Text);
        access = wrong.Count > 0 ? null : new KeyAccess(
            scopes.Length == PublicEndpoint.All.Count ? null : scopes,
            allowed,
            denied,
            networks.Length == 0 ? null : networks,
            expires);
        return access is not null;
    }

    private string[] ReadNetworks(List<(string Member, string Text)> errors)
    {
        List<string> networks = [];
        var lines = (Networks ?? "").Split('\n');
        for (var i = 0; i < lines.Length && errors.Count < 20; i++)
        {
            if (lines[i].Trim() is not { Length: > 0 } line)
            {
                continue;
            }

            if (!TryReadNetwork(line, out var network, out var error))
            {
                errors.Add((nameof(Networks), $"Line {i + 1}, “{(line.Length > 60 ? line[..60] + "…" : line)}”: {error}"));
            }
            else if (!networks.Contains(network))
            {
                networks.Add(network);
            }
        }

        if (networks.Count > MostNetworks)
        {
            errors.Add((nameof(Networks), $"At most {MostNetworks} networks."));
        }

        return [.. networks];
    }

    private static bool TryReadNetwork(string line, [NotNullWhen(true)] out string? network, [NotNullWhen(false)] out string? error)
    {
        (network, error) = (null, null);
        var slash = line.IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? line : line[..slash];
        // IPAddress.TryParse would read "10" as 0.0.0.10.
        if (!IPAddress.TryParse(text, out var address) || (!text.Contains(':', StringComparison.Ordinal) && text.Count(c => c == '.') != 3))
        {
            error = "not a network such as 203.0.113.0/24 or 2001:db8::/32.";
            return false;
        }

        if (address.IsIPv4MappedToIPv6 || text.Contains('%', StringComparison.Ordinal))
        {
            error = "write it as a plain IPv4 or IPv6 network.";
            return false;
        }

        var bits = address.GetAddressBytes();
        var prefix = bits.Length * 8;
        if (slash >= 0 && (!int.TryParse(line[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out prefix)
            || prefix > bits.Length * 8))
        {
            error = $"the number after the slash must be 0 to {bits.Length * 8}.";
            return false;
        }

        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] &= (byte)(0xFF << Math.Clamp(8 - (prefix - (i * 8)), 0, 8));
        }

        var read = new IPNetwork(new IPAddress(bits), prefix);
        if (!read.BaseAddress.Equals(address))
        {
            error = $"the address goes beyond its first {prefix} bits. Did you mean {read}?";
            return false;
        }

        network = read.ToString();
        return true;
    }

    private DateTimeOffset? ReadExpiry(KeyAccess current, DateTimeOffset now, List<(string Member, string Text)> errors)
    {
        if (string.IsNullOrWhiteSpace(ExpiresAt))
        {
            return null;
        }

        if (ExpiresAt == Of(current).ExpiresAt)
        {
            return current.ExpiresAt; // Unchanged: keeps the seconds and allows a time in the past.
        }

        if (!DateTimeOffset.TryParseExact(
            ExpiresAt, [TimeFormat, TimeFormat + ":ss"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            errors.Add((nameof(ExpiresAt), "Not a date and time."));
        }
        else if (at <= now)
        {
            errors.Add((nameof(ExpiresAt), "Must lie ahead. To stop the key now, disable or revoke it."));
        }

        return at;
    }
}
