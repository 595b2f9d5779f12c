using Tollgate.Inference.Grammars;

namespace Tollgate.Benchmarks.Grammars;

/// <summary>The grammars that are measured, as GBNF.</summary>
internal static class BenchedGrammars
{
    private const string Parts = """

        string ::= "\"" char* "\""
        char   ::= [^"\\\x00-\x1f] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
        number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?
        integer ::= "-"? ("0" | [1-9] [0-9]{0,15})
        ws     ::= [ \n]?
        value  ::= object | array | string | number | "true" | "false" | "null"
        object ::= "{" ws (string ":" ws value ("," ws string ":" ws value)*)? ws "}"
        array  ::= "[" ws (value ("," ws value)*)? ws "]"
        """;

    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["any JSON"] = "root ::= object" + Parts,
        ["a tool's arguments"] = """
            root ::= ("{\"location\":" string ",\"unit\":" ("\"celsius\"" | "\"fahrenheit\"") ",\"days\":" integer
              (",\"language\":" string)? "}")
            """ + Parts,
        ["an order with items"] = """
            root ::= ("{\"id\":" string ",\"customer\":{\"name\":" string ",\"mail\":" string ",\"vip\":" ("true" | "false") "},\"items\":["
              item ("," item){0,99} "],\"total\":" number ",\"note\":" (string | "null") "}")
            item ::= "{\"sku\":" string ",\"count\":" integer ",\"price\":" number ",\"tags\":[" (string ("," string){0,9})? "]}"
            """ + Parts,
        ["a text of 10 to 10,000 characters"] = """
            root ::= "{\"text\":\"" char{10,10000} "\",\"title\":\"" char{1,120} "\"}"
            """ + Parts,
        ["one of 500 names"] = "root ::= (name \"\\n\"){5,50}\nname ::= " + string.Join(
            " | ", Enumerable.Range(0, 500).Select(i => $"\"name{i * 7919 % 10_007}\"")),
        ["sums in brackets"] = """
            root ::= sum "=" [0-9]+
            sum ::= term ([-+] term)*
            term ::= factor ([*/] factor)*
            factor ::= [0-9]+ ("." [0-9]+)? | "(" sum ")"
            """,
    };

    public static CompiledGrammar Compile(string name)
    {
        var budget = new GrammarBudget();
        return CompiledGrammar.Compile(GbnfParser.Parse(All[name], budget), budget);
    }
}
