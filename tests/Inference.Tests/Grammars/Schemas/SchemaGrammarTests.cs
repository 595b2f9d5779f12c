using System.Globalization;
using System.Text.Json;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Grammars.Schemas;

namespace Tollgate.Inference.Tests.Grammars.Schemas;

public sealed class SchemaGrammarTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("{\"a\":1,\"b\":[1,2]}", true)]
    [InlineData("{\"a\": 1, \"b\": [1, 2]}", true)]
    [InlineData("{\"a\":  1,\"b\":[1,2]}", false)]
    [InlineData(" {\"a\":1,\"b\":[1,2]}", false)]
    [InlineData("{\"a\":1,\"b\":[1,2]} ", false)]
    [InlineData("{\"a\":1,\n\"b\":[1,2]}", false)]
    public void One_space_may_stand_after_a_comma_and_a_colon_and_nowhere_else(string text, bool isAccepted)
    {
        var grammar = Compile("""
            {"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"array","items":{"type":"integer"}}},"required":["a","b"],
             "additionalProperties":false}
            """);

        Assert.Equal(isAccepted, SchemaWalk.Accepts(grammar, text));
    }

    [Fact]
    public void Members_come_in_the_order_of_the_schema()
    {
        var grammar = Compile("""
            {"type":"object","properties":{"thought":{"type":"string"},"answer":{"type":"string"},"a":{"type":"string"}},
             "required":["answer","thought"]}
            """);

        Assert.True(SchemaWalk.Accepts(grammar, """{"thought":"x","answer":"y","a":"z","more":1}"""));
        Assert.False(SchemaWalk.Accepts(grammar, """{"answer":"y","thought":"x"}"""));
        Assert.False(SchemaWalk.Accepts(grammar, """{"more":1,"thought":"x","answer":"y"}"""));
    }

    [Fact]
    public void A_listed_name_never_occurs_twice_however_it_is_written()
    {
        var grammar = Compile("""{"type":"object","properties":{"a":{"type":"integer"}}}""");

        Assert.True(SchemaWalk.Accepts(grammar, """{"a":1,"b":2}"""));
        Assert.False(SchemaWalk.Accepts(grammar, """{"a":1,"a":"x"}"""));
        Assert.False(SchemaWalk.Accepts(grammar, """{"\u0061":"x"}"""));
    }

    [Theory]
    [InlineData("\"\\u00e9\\n\\/\\\"\"", true)]
    [InlineData("\"\\ud83d\\ude00\"", true)]
    [InlineData("\"\\ud83d\"", false)]
    [InlineData("\"\\ude00\"", false)]
    [InlineData("\"\\x\"", false)]
    [InlineData("\"\n\"", false)]
    [InlineData("\"\u0001\"", false)]
    public void A_free_string_has_the_escapes_of_JSON_and_no_lone_surrogate(string text, bool isAccepted) =>
        Assert.Equal(isAccepted, SchemaWalk.Accepts(Compile("""{"type":"string"}"""), text));

    [Theory]
    [InlineData("1", true)]
    [InlineData("-0.5e-7", true)]
    [InlineData("123456789012345", true)]
    [InlineData("1234567890123456", false)]
    [InlineData("1e12", true)]
    [InlineData("1e13", false)]
    [InlineData("01", false)]
    [InlineData("+1", false)]
    [InlineData("1.", false)]
    public void A_free_number_has_few_digits_and_a_finite_value(string text, bool isAccepted) =>
        Assert.Equal(isAccepted, SchemaWalk.Accepts(Compile("""{"type":"number"}"""), text));

    [Fact]
    public void Patterns_with_and_without_anchors_have_the_same_language_where_they_mean_the_same()
    {
        var anchored = Compile("""{"type":"string","pattern":"^(a|b)+$"}""");
        var free = Compile("""{"type":"string","pattern":"^.*(a|b)+.*$"}""");
        var bare = Compile("""{"type":"string","pattern":"(a|b)+"}""");

        Assert.True(SchemaWalk.Accepts(anchored, "\"abba\""));
        Assert.False(SchemaWalk.Accepts(anchored, "\"xabba\""));
        Assert.All(["\"xax\"", "\"b\""], text => Assert.Equal(SchemaWalk.Accepts(free, text), SchemaWalk.Accepts(bare, text)));
    }

    /// <summary>Validators count code points, UTF-16 units or what a reader sees; all agree on plain characters.</summary>
    [Fact]
    public void Plain_characters_are_one_unit_in_every_way_of_counting()
    {
        foreach (var (first, last) in JsonStrings.PlainRanges)
        {
            for (var character = first; character <= last; character++)
            {
                // Beside a letter, a Hangul syllable, a digit and itself: none joins it.
                var text = $"a{(char)character}\uAC00{(char)character}{(char)character}1";

                Assert.Equal(text.Length, new StringInfo(text).LengthInTextElements);
                Assert.Equal(text.Length, text.EnumerateRunes().Count());
            }
        }
    }

    [Fact]
    public void The_order_of_definitions_does_not_matter()
    {
        const string A = "\"a\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/b\"}}";
        const string B = "\"b\":{\"type\":\"object\",\"properties\":{\"next\":{\"$ref\":\"#/$defs/a\"}},\"additionalProperties\":false}";

        foreach (var (first, second) in new[] { (A, B), (B, A) })
        {
            var grammar = Compile("{\"$ref\":\"#/$defs/a\",\"$defs\":{" + first + "," + second + "}}");

            Assert.True(SchemaWalk.Accepts(grammar, """[{},{"next":[{}]}]"""));
            Assert.False(SchemaWalk.Accepts(grammar, """[{"next":{}}]"""));
        }
    }

    [Fact]
    public void Any_object_is_an_object_of_any_JSON()
    {
        var budget = new GrammarBudget { Time = Long };
        var grammar = CompiledGrammar.Compile(SchemaGrammar.AnyObject(budget), budget);

        Assert.True(SchemaWalk.Accepts(grammar, """{"a": [1, {"b": null}], "": "x"}"""));
        Assert.True(SchemaWalk.Accepts(grammar, "{}"));
        Assert.False(SchemaWalk.Accepts(grammar, "[]"));
        Assert.False(SchemaWalk.Accepts(grammar, "\"x\""));
    }

    [Fact]
    public void A_schema_is_a_part_of_a_larger_grammar()
    {
        var budget = new GrammarBudget { Time = Long };
        List<GrammarNode> rules = [new GrammarNode.Choice([])];
        var one = SchemaGrammar.Append(rules, JsonElement.Parse("""{"type":"integer"}"""), false, budget);
        var other = SchemaGrammar.Append(rules, JsonElement.Parse("""{"type":"array","items":{"type":"boolean"}}"""), false, budget);
        rules[0] = GrammarParts.Sequence(GrammarParts.Text("<"), one, GrammarParts.Text("|"), other);

        var grammar = CompiledGrammar.Compile(new Grammar(rules), budget);

        Assert.True(SchemaWalk.Accepts(grammar, "<12|[true]"));
        Assert.False(SchemaWalk.Accepts(grammar, "<true|[true]"));
    }

    [Fact]
    public void A_part_that_cannot_end_is_not_entered()
    {
        var grammar = Compile("""
            {"type":"object","properties":{"a":{"type":"integer"},"endless":{"$ref":"#/$defs/e"}},"additionalProperties":false,
             "$defs":{"e":{"type":"object","properties":{"e":{"$ref":"#/$defs/e"}},"required":["e"]}}}
            """);

        Assert.True(SchemaWalk.Accepts(grammar, """{"a":1}"""));
        Assert.False(SchemaWalk.Accepts(grammar, """{"a":1,"endless":{}}"""));
    }

    private static CompiledGrammar Compile(string schema)
    {
        var budget = new GrammarBudget { Time = Long };
        return CompiledGrammar.Compile(SchemaGrammar.Compile(JsonElement.Parse(schema), false, budget), budget);
    }
}
