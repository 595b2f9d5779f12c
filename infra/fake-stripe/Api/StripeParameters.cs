using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Tollgate.FakeStripe.Api;

/// <summary>
/// Parameters of a call, form or query, flat as Stripe sends them: <c>line_items[0][quantity]</c>. Like Stripe, a name that an endpoint
/// does not know is an error.
/// </summary>
internal sealed partial class StripeParameters
{
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    private StripeParameters(IEnumerable<KeyValuePair<string, StringValues>> pairs)
    {
        foreach (var (name, value) in pairs)
        {
            _values[name] = value.ToString();
        }
    }

    /// <summary>The same for the same parameters in any order.</summary>
    public string Fingerprint => string.Join('&', _values.Select(pair =>
        $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));

    public static async Task<StripeParameters> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        new(HttpMethods.IsPost(request.Method) && request.HasFormContentType
            ? await request.ReadFormAsync(cancellationToken)
            : request.Query);

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public long? Number(string name) =>
        long.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>The members of a map, such as <c>metadata[a]</c>.</summary>
    public JsonObject Map(string name) => new(_values
        .Where(pair => pair.Key.StartsWith(name + "[", StringComparison.Ordinal) && pair.Key.EndsWith(']'))
        .Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key[(name.Length + 1)..^1], pair.Value)));

    /// <summary>The texts of a list, such as <c>expand[0]</c> or <c>expand[]</c>.</summary>
    public IEnumerable<string> List(string name) => _values.Where(pair => Index().Replace(pair.Key, "[*]") == name + "[*]")
        .Select(pair => pair.Value);

    /// <summary>How many entries a list of objects has.</summary>
    public int Count(string name) => _values.Keys
        .Where(key => key.StartsWith(name + "[", StringComparison.Ordinal)).Select(key => key.Split('[', ']')[1]).Distinct().Count();

    /// <summary>
    /// Error for the first name that is not among <paramref name="known"/>, in which <c>[*]</c> stands for an index and <c>[#]</c> for
    /// any key.
    /// </summary>
    public StripeAnswer? RefuseUnknown(params string[] known)
    {
        foreach (var name in _values.Keys)
        {
            var indexed = Index().Replace(name, "[*]");
            var mapped = LastKey().Replace(name, "[#]");
            if (!known.Contains(indexed) && !known.Contains(mapped) && indexed != "expand[*]")
            {
                return StripeAnswer.Invalid($"Received unknown parameter: {name}", name, "parameter_unknown");
            }
        }

        return null;
    }

    [GeneratedRegex(@"\[\d*\]")]
    private static partial Regex Index();

    [GeneratedRegex(@"\[[^\[\]]+\]$")]
    private static partial Regex LastKey();
}
