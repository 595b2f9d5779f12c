using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Tollgate.FakeStripe.Api;

/// <summary>
/// Parameters of a call, from its form or query, in Stripe's flat form: <c>line_items[0][quantity]</c>. As at Stripe, an unknown name is
/// an error.
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

    /// <summary>Equal for equal parameters in any order.</summary>
    public string Fingerprint => string.Join('&', _values.Select(pair =>
        $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));

    public static async Task<StripeParameters> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        new(HttpMethods.IsPost(request.Method) && request.HasFormContentType
            ? await request.ReadFormAsync(cancellationToken)
            : request.Query);

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public long? Number(string name) =>
        long.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>Returns the members of a map, such as <c>metadata[a]</c>.</summary>
    public JsonObject Map(string name) => new(_values
        .Where(pair => pair.Key.StartsWith(name + "[", StringComparison.Ordinal) && pair.Key.EndsWith(']'))
        .Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key[(name.Length + 1)..^1], pair.Value)));

    /// <summary>Returns the texts of a list, such as <c>expand[0]</c> or <c>expand[]</c>.</summary>
    public IEnumerable<string> List(string name) => _values.Where(pair => Index().Replace(pair.Key, "[*]") == name + "[*]")
        .Select(pair => pair.Value);

    /// <summary>Counts the entries of a list of objects.</summary>
    public int Count(string name) => _values.Keys
        .Where(key => key.StartsWith(name + "[", StringComparison.Ordinal)).Select(key => key.Split('[', ']')[1]).Distinct().Count();

    /// <summary>
    /// Returns an error for the first name that is not in <paramref name="known"/>. There, <c>[*]</c> stands for an index and <c>[#]</c>
    /// for any key.
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
