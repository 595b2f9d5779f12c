using System.Text.Json;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Grammars.Schemas;

namespace Tollgate.Inference.Tests.Grammars.Schemas;

/// <summary>Schemas that nobody wrote: every keyword meets every other one.</summary>
public sealed class RandomSchemaTests
{
    private const int SchemasOfEach = 30;
    private const int TextsOfEach = 3;
    private const int ValuesOfEach = 100;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Texts_of_random_schemas_are_valid_and_no_schema_with_a_value_is_called_unsatisfiable(int seed)
    {
        var random = new Random(seed);
        var schemas = new RandomSchemas(random);
        var compiled = 0;
        for (var at = 0; at < SchemasOfEach; at++)
        {
            var schema = JsonSerializer.SerializeToElement(schemas.Make());
            var validator = new SchemaValidator(schema);
            if (Compile(schema, out var isRefused) is { } grammar)
            {
                compiled++;
                var walk = new SchemaWalk(grammar, SchemaWalk.Vocabulary);
                for (var turn = 0; turn < TextsOfEach; turn++)
                {
                    var text = walk.Write(random, isWeighted: turn == 1);
                    Assert.True(validator.Allows(text), $"{schema.GetRawText()} gives {text}");
                }
            }
            else if (!isRefused)
            {
                Assert.All(Enumerable.Range(0, ValuesOfEach).Select(_ => schemas.Value()), value =>
                    Assert.False(validator.Allows(JsonSerializer.SerializeToElement(value)), $"{schema.GetRawText()} allows {value}"));
            }
        }

        Assert.InRange(compiled, SchemasOfEach / 3, SchemasOfEach);
    }

    /// <returns>Null where the schema is refused, or allows no value.</returns>
    private static CompiledGrammar? Compile(JsonElement schema, out bool isRefused)
    {
        isRefused = false;
        try
        {
            var budget = new GrammarBudget { Time = TimeSpan.FromMinutes(1) };
            return CompiledGrammar.Compile(SchemaGrammar.Compile(schema, false, budget), budget);
        }
        catch (SchemaException exception)
        {
            isRefused = !exception.Message.Contains("unsatisfiable", StringComparison.Ordinal);
            return null;
        }
    }
}
