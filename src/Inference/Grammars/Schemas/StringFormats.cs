using System.Collections.Frozen;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>
/// The formats of JSON Schema as regular languages. Each is within what the format's RFC allows and validators accept; rare forms, such as
/// quoted local parts of mail addresses, are left out. A name that is not here is an annotation, as the specification has it.
/// </summary>
internal static class StringFormats
{
    private const string Year = "(?:[1-9][0-9]{3})";
    private const string LeapYear =
        "(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)";

    private const string Date = $"(?:{Year}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
        + $"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|{LeapYear}-02-29)";

    private const string Time = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])";

    private const string DurationTime = "T(?:[0-9]{1,4}H(?:[0-9]{1,4}M(?:[0-9]{1,4}S)?)?|[0-9]{1,4}M(?:[0-9]{1,4}S)?|[0-9]{1,4}S)";
    private const string DurationDate =
        "(?:[0-9]{1,4}Y(?:[0-9]{1,4}M(?:[0-9]{1,4}D)?)?|[0-9]{1,4}M(?:[0-9]{1,4}D)?|[0-9]{1,4}D)";

    private const string Label = "[A-Za-z0-9](?:[A-Za-z0-9]|-[A-Za-z0-9]){0,20}";
    private const string Host = $"{Label}(?:\\.{Label}){{0,4}}";
    private const string MailHost = "(?:[a-z0-9](?:[a-z0-9]|-[a-z0-9]){0,20}\\.){1,4}[a-z]{2,20}";
    private const string Mail = $"[A-Za-z0-9](?:[A-Za-z0-9_+]|[.-][A-Za-z0-9]){{0,30}}[A-Za-z0-9]?@{MailHost}";
    private const string Octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private const string Ipv4 = $"{Octet}(?:\\.{Octet}){{3}}";
    private const string Group = "[0-9A-Fa-f]{1,4}";

    private const string PathCharacter = "[A-Za-z0-9._~!$&'()*+,;=:@-]";
    private const string Query = "[A-Za-z0-9._~!$&'()*+,;=:@/?-]*";
    private const string UrlHost = "[a-z0-9](?:[a-z0-9]|-[a-z0-9]){0,20}(?:\\.[a-z](?:[a-z0-9]|-[a-z0-9]){0,20}){0,4}";
    private const string Url = $"(?:https?|ftp|wss?)://{UrlHost}(?::[1-9][0-9]{{1,3}})?(?:/{PathCharacter}*)*(?:\\?{Query})?(?:#{Query})?";
    private const string Uri = $"(?:{Url}|mailto:{Mail}|urn:[a-z][a-z0-9]{{1,15}}:[A-Za-z0-9._:-]{{1,64}}|tel:\\+?[0-9]{{3,15}})";
    private const string Reference = $"(?:{Url}|/?[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*/?(?:\\?{Query})?(?:#{Query})?|/|#{Query}|)";
    private const string Variable = "[A-Za-z][A-Za-z0-9_]{0,30}";
    private const string Template = $"(?:{PathCharacter}|[/?#]|\\{{[+#./;?&]?{Variable}\\*?(?:,{Variable}\\*?){{0,4}}\\}})*";
    private const string Pointer = "(?:/(?:[^~/]|~[01])*)*";

    private const string Quantifier = "(?:[*+?]|\\{[1-9]\\}|\\{[0-4],[5-9]\\})?";
    private const string Atom =
        "(?:[^\\u0000-\\u001F\\\\^$.|?*+()\\[\\]{}]|\\\\[dwsDWS.+*?/]|\\.|\\[\\^?(?:[A-Za-z0-9_ ]|a-z|A-Z|0-9)+\\])";
    private const string Atoms = $"(?:{Atom}{Quantifier})+";
    private const string Branch = $"(?:{Atoms}|\\((?:\\?:)?{Atoms}(?:\\|{Atoms})*\\){Quantifier})+";

    private static readonly FrozenDictionary<string, string> Patterns = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["duration"] = $"P(?:{DurationDate}(?:{DurationTime})?|{DurationTime}|[0-9]{{1,4}}W)",
        ["email"] = Mail,
        ["idn-email"] = Mail,
        ["hostname"] = Host,
        ["idn-hostname"] = Host,
        ["ipv4"] = Ipv4,
        ["ipv6"] = MakeIpv6(),
        ["uuid"] = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
        ["uri"] = Uri,
        ["iri"] = Uri,
        ["uri-reference"] = Reference,
        ["iri-reference"] = Reference,
        ["uri-template"] = Template,
        ["json-pointer"] = Pointer,
        ["relative-json-pointer"] = $"(?:0|[1-9][0-9]{{0,3}})(?:#|{Pointer})",
        ["regex"] = $"\\^?(?:{Branch}(?:\\|{Branch})*)?\\$?",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool IsKnown(string format) => Patterns.ContainsKey(format);

    /// <summary>The language of a known format, as values, not yet as JSON.</summary>
    public static RegexNode Language(string format) => RegexParser.Parse(Patterns[format], RegexAnchoring.Whole);

    /// <summary>Eight groups, or fewer around one double colon, the last two of which may be an IPv4 address.</summary>
    private static string MakeIpv6()
    {
        List<string> forms = [$"(?:{Group}:){{7}}{Group}", $"(?:{Group}:){{6}}{Ipv4}", $"::(?:[Ff]{{4}}:)?{Ipv4}"];
        for (var before = 0; before <= 7; before++)
        {
            var left = before == 0 ? "" : $"{Group}(?::{Group}){{{before - 1}}}";
            var most = 6 - before;
            forms.Add(most < 1 ? $"{left}::" : $"{left}::(?:{Group}(?::{Group}){{0,{most - 1}}})?");
        }

        return string.Join('|', forms);
    }
}
