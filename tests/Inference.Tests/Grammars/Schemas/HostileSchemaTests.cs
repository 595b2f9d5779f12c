using System.Text.Json;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Grammars.Schemas;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Grammars.Schemas;

[Collection(nameof(LiveMemory))]
public sealed class HostileSchemaTests
{
    /// <summary>Most memory that a compilation holds at any time: about 600 bytes for each of the budget's 200,000 states.</summary>
    private const long MostBytes = 160L << 20;

    public static TheoryData<string> Names => [.. HostileSchemas.All.Select(one => one.Name)];

    [Fact]
    public void There_are_at_least_40_of_them() => Assert.InRange(HostileSchemas.All.Count, 40, int.MaxValue);

    /// <summary>The budget ends what takes long. This checks that nothing escapes it, or takes memory without end.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_hostile_schema_is_compiled_or_refused_within_its_budget(string name)
    {
        var text = HostileSchemas.All.Single(one => one.Name == name).Schema;
        var memory = new LiveMemory();

        var exception = Record.Exception(() =>
        {
            using var document = JsonDocument.Parse(text);
            var budget = new GrammarBudget(memory);
            var grammar = CompiledGrammar.Compile(SchemaGrammar.Compile(document.RootElement, false, budget), budget);
            memory.Look();
            GC.KeepAlive(grammar);
        });

        Assert.True(exception is null or SchemaException or GrammarTooLargeException or JsonException, exception?.ToString());
        Assert.InRange(memory.Most, 0, MostBytes);
    }

    [Theory]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}")]
    [InlineData("{\"type\":\"array\",\"items\":{\"$ref\":\"#\"},\"minItems\":1}")]
    [InlineData("{\"allOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}")]
    [InlineData("{\"type\":\"string\",\"enum\":[1,2]}")]
    [InlineData("{\"type\":\"string\",\"pattern\":\"^a+$\",\"maxLength\":0}")]
    [InlineData("{\"type\":\"integer\",\"minimum\":5,\"maximum\":4}")]
    [InlineData("{\"type\":\"integer\",\"exclusiveMinimum\":1,\"exclusiveMaximum\":2}")]
    [InlineData("{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":false}}")]
    [InlineData("{\"type\":\"object\",\"required\":[\"b\"],\"properties\":{\"a\":true},\"additionalProperties\":false}")]
    [InlineData("{\"type\":\"array\",\"minItems\":2,\"maxItems\":1}")]
    [InlineData("false")]
    public void A_schema_without_a_value_is_refused_as_unsatisfiable(string schema)
    {
        var exception = Assert.Throws<SchemaException>(() => SchemaGrammar.Compile(
            JsonElement.Parse(schema), false, new GrammarBudget { Time = TimeSpan.FromMinutes(1) }));

        Assert.Contains("unsatisfiable", exception.Message, StringComparison.Ordinal);
    }
}
