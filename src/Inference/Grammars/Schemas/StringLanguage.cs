using System.Collections.Concurrent;
using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>The JSON strings that meet a schema.</summary>
internal sealed class StringLanguage(GrammarBudget budget)
{
    private static readonly Lazy<Dfa> PlainTexts = new(() => Fixed(JsonStrings.PlainText));
    private static readonly Lazy<Dfa> PlainCharacters = new(() => Fixed(JsonStrings.PlainCharacter));
    private static readonly Lazy<Dfa> AnyStrings = new(() => Fixed(JsonStrings.AnyString));
    private static readonly Lazy<Dfa> AnyNames = new(() => Fixed(JsonStrings.AnyName));
    private static readonly ConcurrentDictionary<string, Dfa> Formats = new(StringComparer.Ordinal);

    private readonly Dictionary<string, Dfa> _patterns = new(StringComparer.Ordinal);

    /// <summary>Any text of plain characters, between the quotes.</summary>
    public static Dfa PlainText => PlainTexts.Value;

    private static Dfa PlainCharacter => PlainCharacters.Value;

    /// <summary>Any name of a member, between the quotes.</summary>
    public static Dfa AnyName => AnyNames.Value;

    /// <summary>The strings that meet a schema, with their quotes; a choice of nothing where there are none.</summary>
    public GrammarNode Make(Constraints constraints)
    {
        if (!HasLanguage(constraints))
        {
            if (constraints.MinLength == 0 && Most(constraints) is null)
            {
                return new GrammarNode.Language(AnyStrings.Value);
            }

            return Quoted(new GrammarNode.Repeat(new GrammarNode.Language(PlainCharacter), Least(constraints), Most(constraints)));
        }

        var content = Content(constraints);
        return content.IsEmpty ? new GrammarNode.Choice([]) : Quoted(new GrammarNode.Language(content));
    }

    /// <summary>Whether no string meets a schema.</summary>
    public bool IsEmpty(Constraints constraints) => HasLanguage(constraints) && Content(constraints).IsEmpty;

    /// <summary>What may stand between the quotes, as far as pattern, format, length and forbidden values tell.</summary>
    public Dfa Content(Constraints constraints)
    {
        Dfa? content = null;
        foreach (var format in constraints.Formats.Where(StringFormats.IsKnown))
        {
            content = And(content, Format(format));
        }

        foreach (var pattern in constraints.Patterns.Where(pattern => !pattern.Negated))
        {
            content = And(content, Pattern(pattern.Pattern, pattern.Path));
        }

        content ??= PlainText;
        foreach (var pattern in constraints.Patterns.Where(pattern => pattern.Negated))
        {
            content = content.Except(Pattern(pattern.Pattern, pattern.Path), budget);
        }

        var forbidden = constraints.Forbidden.Where(value => value.ValueKind == JsonValueKind.String)
            .Select(value => JsonStrings.Text(SchemaKeywords.Text(value, constraints.Path))).ToList();
        content = forbidden.Count == 0 ? content : content.Except(Dfa.Of(new RegexNode.Choice(forbidden), budget), budget);
        return constraints.MinLength == 0 && Most(constraints) is null
            ? content
            : CountedText.Run(content, PlainCharacter, Least(constraints), Most(constraints), budget);
    }

    /// <summary>The texts of plain characters in which a pattern is found, between the quotes.</summary>
    /// <exception cref="SchemaException">The pattern is malformed or unsupported.</exception>
    public Dfa Pattern(string pattern, string path)
    {
        if (_patterns.TryGetValue(pattern, out var known))
        {
            return known;
        }

        try
        {
            return _patterns[pattern] = Dfa.Of(JsonStrings.Encode(RegexParser.Parse(pattern, RegexAnchoring.Search)), budget);
        }
        catch (GrammarException exception)
        {
            throw new SchemaException(path, $"pattern '{pattern}': {exception.Message}");
        }
    }

    private static bool HasLanguage(Constraints constraints) => constraints.Patterns.Count > 0
        || constraints.Formats.Any(StringFormats.IsKnown)
        || constraints.Forbidden.Any(value => value.ValueKind == JsonValueKind.String);

    private static GrammarNode.Sequence Quoted(GrammarNode content) =>
        new([new GrammarNode.Literal("\""u8.ToArray()), content, new GrammarNode.Literal("\""u8.ToArray())]);

    private static int Least(Constraints constraints) => constraints.MinLength <= SchemaLimits.LeastCount
        ? (int)constraints.MinLength
        : throw new SchemaException(constraints.Path, $"minLength above {SchemaLimits.LeastCount} is not supported.");

    private static int? Most(Constraints constraints) => constraints.MaxLength switch
    {
        null or > SchemaLimits.EndlessCount => null,
        { } most => (int)Math.Min(most, Math.Max(
            HasLanguage(constraints) ? SchemaLimits.MostLanguageCharacters : SchemaLimits.MostCharacters, constraints.MinLength)),
    };

    private Dfa And(Dfa? one, Dfa other) => one is null ? other : one.Intersect(other, budget);

    private static Dfa Format(string format) =>
        Formats.GetOrAdd(format, static name => Fixed(JsonStrings.Encode(StringFormats.Language(name))));

    /// <summary>A language that no schema changes: made once a process, on no request's budget.</summary>
    private static Dfa Fixed(RegexNode node) => Dfa.Of(node, new GrammarBudget { Time = TimeSpan.FromMinutes(1) });
}
