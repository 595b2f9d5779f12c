using System.Text;
using Tollgate.Inference.Grammars;
using Node = Tollgate.Inference.Grammars.GrammarNode;

namespace Tollgate.Inference.Tests.Grammars;

/// <summary>Grammars of different kinds, and small vocabularies to write them with.</summary>
internal static class Samples
{
    private const string StringPattern = """
        "([^"\\\u0000-\u001f]|\\(["\\/bfnrt]|u[0-9a-fA-F]{4}))*"
        """;

    /// <summary>The token that ends the answer in each vocabulary.</summary>
    public const int End = 256;

    public static IReadOnlyDictionary<string, Grammar> All { get; } = new Dictionary<string, Grammar>(StringComparer.Ordinal)
    {
        ["any json"] = Json(),
        ["flat object"] = new([Sequence(Text("{\"name\":"), Pattern(StringPattern), Text(",\"age\":"), Pattern("-?(0|[1-9][0-9]*)"),
            Text(",\"kind\":"), Either(Text("\"cat\""), Text("\"carp\""), Text("\"dog\"")), Text("}"))]),
        ["letters of Greek and signs of four bytes"] = new([new Node.Repeat(Pattern("[α-ωé€😀-😎]"), 1, 6)]),
        ["counted items"] = new([Sequence(Text("["), new Node.Repeat(Sequence(Text("\""),
            new Node.Repeat(Pattern("[^\"\\\\]|\\\\[\"\\\\n]"), 3, 40), Text("\"")), 2, 30), Text("]"))]),
        ["far bounds"] = new([new Node.Repeat(Either(Text("ab"), Text("a"), Text("é")), 700, 5_000)]),
        ["few of many"] = new([Sequence(new Node.Repeat(Pattern("[a-e]|xyz"), 0, 90), Text("."))]),
        ["counted items that may be empty"] = new([Sequence(new Node.Repeat(new Node.Rule(1), 70, 200), Text("!")),
            Either(Sequence(Text("("), new Node.Rule(1), Text(")")), Text("a"), Text(""))]),
        ["balanced brackets"] = new([Either(Sequence(Text("("), new Node.Rule(0), Text(")"), new Node.Rule(0)), Text(""))]),
        ["palindromes"] = new([Either(Sequence(Text("a"), new Node.Rule(0), Text("a")), Sequence(Text("b"), new Node.Rule(0), Text("b")),
            Text("c"))]),
        ["arithmetic"] = new([Sequence(new Node.Rule(1), new Node.Repeat(Sequence(Pattern("[-+*/]"), new Node.Rule(1)), 0, null)),
            Either(Pattern("[0-9]+(\\.[0-9]+)?"), Sequence(Text("("), new Node.Rule(0), Text(")")))]),
        ["numbers that overlap"] = new([
            new Node.Repeat(Sequence(Pattern("[0-9]+"), new Node.Repeat(Pattern("[0-9 ]{0,3}"), 0, 1)), 1, 4)]),
        ["a list to its right"] = new([Either(Sequence(Pattern("[a-z]+"), Text(","), new Node.Rule(0)), Pattern("[a-z]+"))]),
        ["xml"] = new([Sequence(Text("<a>"), new Node.Repeat(Either(new Node.Rule(0), Pattern("[^<>&]+"), Text("&lt;")), 0, null),
            Text("</a>"))]),
    };

    public static TheoryData<string> Names { get; } = [.. All.Keys];

    private static Grammar Json()
    {
        var (text, space) = (Pattern(StringPattern), Pattern("[ \\n]?"));
        var number = Pattern("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
        var member = Sequence(text, Text(":"), space, new Node.Rule(0));
        return new Grammar([
            Either(text, number, Text("true"), Text("false"), Text("null"), new Node.Rule(1), new Node.Rule(2)),
            Sequence(Text("{"), space, new Node.Repeat(Listed(member, space), 0, 1), space, Text("}")),
            Sequence(Text("["), space, new Node.Repeat(Listed(new Node.Rule(0), space), 0, 1), space, Text("]")),
        ]);
    }

    private static Node.Sequence Listed(Node item, Node space) =>
        Sequence(item, new Node.Repeat(Sequence(Text(","), space, item), 0, null));

    public static Node.Literal Text(string text) => new(Encoding.UTF8.GetBytes(text));

    public static Node.Sequence Sequence(params Node[] parts) => new(parts);

    public static Node.Choice Either(params Node[] options) => new(options);

    public static Node.Language Pattern(string pattern) =>
        new(Dfa.Of(RegexParser.Parse(pattern, RegexAnchoring.Whole), new GrammarBudget()));

    public static CompiledGrammar Compile(Grammar grammar) => CompiledGrammar.Compile(grammar, new GrammarBudget());

    /// <summary>Whether a text is whole, and whether it is the beginning of one.</summary>
    public static (bool Whole, bool Beginning) Read(CompiledGrammar grammar, ReadOnlySpan<byte> text)
    {
        var stepper = new Stepper(grammar);
        var configuration = stepper.After(stepper.Begin(), text);
        return (configuration.CanEnd, !configuration.IsDead);
    }

    /// <summary>Every byte, the end token, and random pieces of texts of these grammars; some twice, some end inside a character.</summary>
    public static TokenVocabulary Vocabulary(int seed, int size)
    {
        var random = new Random(seed);
        string[] atoms =
        [
            "{\"name\":\"",
            "\",\"age\":", ",\"kind\":\"", "\"}", "\"", "\\", "\\\"", "\\u00e9", "é", "€", "😀", "😎", "α", "ω", "(", ")", "()", "))",
            "[", "]", "],", "[[", "true", "false", "null", "12", "0.5", "-1", "e5", "a", "ab", "b", "c", "aca", "+", "*(",
            "<a>", "</a>", "&lt;",
            ",", ", ", ": ", "xyz", "cat", "dog", "hello", " world", "!", ".",
        ];
        List<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), []];
        while (tokens.Count < size)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => atoms[random.Next(atoms.Length)]));
            var bytes = Encoding.UTF8.GetBytes(text);
            var begin = random.Next(4) == 0 ? random.Next(bytes.Length) : 0;
            tokens.Add(bytes[begin..(random.Next(4) == 0 ? random.Next(begin + 1, bytes.Length + 1) : bytes.Length)]);
        }

        return new TokenVocabulary(tokens, [End]);
    }
}
