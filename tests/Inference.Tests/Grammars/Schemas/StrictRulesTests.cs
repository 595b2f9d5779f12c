using System.Text.Json;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Grammars.Schemas;

namespace Tollgate.Inference.Tests.Grammars.Schemas;

public sealed class StrictRulesTests
{
    [Theory]
    [InlineData("{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", "", "type object")]
    [InlineData("{\"anyOf\":[{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}]}", "", "anyOf")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}", "", "additionalProperties")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],\"additionalProperties\":true}", "",
        "additionalProperties")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"additionalProperties\":false}", "", "'a' is missing")]
    [InlineData("{\"type\":\"object\",\"properties\":{},\"required\":[\"a\"],\"additionalProperties\":false}", "",
        "'a', which is no property")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"object\",\"properties\":{}}},\"required\":[\"a\"],"
        + "\"additionalProperties\":false}", "properties.a", "additionalProperties")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/x\"}}},\"required\":[\"a\"],"
        + "\"additionalProperties\":false,"
        + "\"$defs\":{\"x\":{\"type\":\"object\",\"properties\":{\"y\":{}},\"additionalProperties\":false}}}",
        "$defs.x", "'y' is missing")]
    public void A_schema_that_breaks_a_rule_is_refused_with_its_place(string schema, string path, string reason)
    {
        var exception = Assert.Throws<SchemaException>(() => Compile(schema));

        Assert.Equal(path, exception.Path);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_levels_of_objects_are_allowed_and_eleven_are_not()
    {
        Assert.NotNull(Compile(Nested(10)));
        Assert.Contains("10 levels", Assert.Throws<SchemaException>(() => Compile(Nested(11))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Properties_enum_values_and_characters_are_counted_over_the_whole_schema()
    {
        Assert.Contains("5000 properties", Refused(Object(5_001, "{\"type\":\"null\"}")), StringComparison.Ordinal);
        Assert.Contains("1000 enum values", Refused(Object(2, $"{{\"enum\":[{List(501, "")}]}}")), StringComparison.Ordinal);
        var (many, longer) = (List(200, new string('x', 600)), List(251, new string('x', 100)));
        Assert.Contains("120000 characters", Refused(Object(2, $"{{\"enum\":[{many}]}}")), StringComparison.Ordinal);
        Assert.Contains("15000 characters", Refused(Object(1, $"{{\"enum\":[{longer}]}}")), StringComparison.Ordinal);
    }

    private static string Refused(string schema) => Assert.Throws<SchemaException>(() => Compile(schema)).Message;

    private static string List(int count, string text) => string.Join(',', Enumerable.Range(0, count).Select(at => $"\"{text}{at}\""));

    private static string Object(int properties, string schema)
    {
        var names = Enumerable.Range(0, properties).Select(at => $"\"p{at}\"").ToList();
        return $"{{\"type\":\"object\",\"properties\":{{{string.Join(',', names.Select(name => $"{name}:{schema}"))}}},"
            + $"\"required\":[{string.Join(',', names)}],\"additionalProperties\":false}}";
    }

    private static string Nested(int levels) => levels == 0
        ? "{\"type\":\"string\"}"
        : Object(1, Nested(levels - 1));

    private static Grammar Compile(string schema)
    {
        using var document = JsonDocument.Parse(schema);
        return SchemaGrammar.Compile(document.RootElement, strict: true, new GrammarBudget { Time = TimeSpan.FromMinutes(1) });
    }
}
