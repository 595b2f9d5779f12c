namespace Tollgate.Inference.Tests.Templates;

/// <summary>Draws templates from the grammar, with values at the edges.</summary>
internal sealed class TemplateFuzz(Random random)
{
    private static readonly string[] Literals =
    [
        "0", "1", "-1", "3", "9223372036854775807", "1.5", "0.0", "true", "none", "missing", "''", "'a'", "'<x> {} \\'q\\''", "'ab' * 3",
        "messages", "messages[0]", "x", "y", "loop", "loop.index", "ns", "ns.v", "[]", "{}", "[1, 'a', none]", "{'k': [1]}", "range(5)",
        "range(3, 9223372036854775807, 9223372036854775806)", "bos_token", "x.strip", "namespace", "dict",
    ];

    private static readonly string[] Operators =
        ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"];

    private static readonly string[] Filters =
    [
        "trim", "upper", "lower", "title", "capitalize", "length", "replace('a', 'bb')", "replace('', 'b')", "string", "safe", "e",
        "indent(3)", "indent(-1, true, true)", "int", "float", "abs", "items", "dictsort", "default(1)", "default('z', true)", "tojson",
        "tojson(indent=2)", "round", "round(99)", "list", "first", "last", "reverse", "join", "join(', ', 'role')", "sum", "min", "max",
        "unique", "sort", "sort(reverse=true)", "sort(attribute='role')", "map(attribute='content')", "map('upper')",
        "map('map', 'length')", "map", "select", "select('odd')", "reject('none')", "selectattr('role', 'equalto', 'user')",
        "rejectattr('role')", "nothing",
    ];

    private static readonly string[] Tests =
    [
        "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "mapping", "iterable", "sequence",
        "callable", "lower", "upper", "odd", "even", "divisibleby(-1)", "divisibleby 0", "eq(1)", "ne('a')", "lt(2)", "ge([1])",
        "in([1, 2])", "nothing",
    ];

    private static readonly string[] Tails =
    [
        "[0]", "[-1]", "[1:]", "[::-1]", "[:9223372036854775807:2]", "[-9223372036854775807::-3]", ".role", ".items()", ".keys()",
        ".values()", ".get('k', 1)", ".strip()", ".strip('a')", ".split('a')", ".split()", ".splitlines()", ".replace('a', 'b')",
        ".find('a')", ".count('')", ".join([1, 'a'])", ".startswith('a')", ".endswith(['a'])", "(1)", "(x=1)", "['a' ~ 'b']",
        ".title()",
    ];

    private int _depth;

    public string Template() => string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => Statement()));

    private string Statement()
    {
        if (++_depth > 4)
        {
            _depth--;
            return "t";
        }

        var statement = random.Next(9) switch
        {
            0 => "text \n",
            1 => $"{{% if {Expression()} %}}{Statement()}{{% elif {Expression()} %}}{Statement()}{{% else %}}b{{% endif %}}",
            2 => $"{{% for x in {Expression()} %}}{Statement()}{{% else %}}none{{% endfor %}}",
            3 => $"{{% for x, y in {Expression()} if {Expression()} %}}{Statement()}{{% break %}}{{% endfor %}}",
            4 => $"{{% set x = {Expression()} %}}",
            5 => $"{{% set ns = namespace(v={Expression()}) %}}{{% set ns.v = {Expression()} %}}",
            6 => $"{{% macro m(x, y={Expression()}) %}}{Statement()}{{% endmacro %}}{{{{ m({Expression()}) }}}}",
            7 => $"{{% set x %}}{Statement()}{{% endset %}}",
            _ => $"{{{{ {Expression()} }}}}",
        };
        _depth--;
        return statement;
    }

    private string Expression()
    {
        if (++_depth > 7)
        {
            _depth--;
            return Pick(Literals);
        }

        var expression = random.Next(8) switch
        {
            0 => $"({Expression()} {Pick(Operators)} {Expression()})",
            1 => $"{Expression()} | {Pick(Filters)}",
            2 => $"({Expression()} is {(random.Next(2) == 0 ? "not " : "")}{Pick(Tests)})",
            3 => $"({Expression()}){Pick(Tails)}",
            4 => $"({Expression()} if {Expression()} else {Expression()})",
            5 => $"[{Expression()}, {Expression()}]",
            6 => $"not -({Expression()})",
            _ => Pick(Literals),
        };
        _depth--;
        return expression;
    }

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];
}
