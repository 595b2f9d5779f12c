using System.Text.Json;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Grammars.Schemas;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Grammars.Schemas;

/// <summary>The whole corpus against the real engine, with JsonSchema.Net as the judge.</summary>
public sealed class SchemaCorpusTests
{
    private const int TextsOfEach = 10;

    public static TheoryData<string> Names => [.. SchemaCorpus.Cases.Select(one => one.Name)];

    public static TheoryData<string> UnsupportedNames => [.. SchemaCorpus.Unsupported.Select(one => one.Name)];

    [Fact]
    public void The_corpus_has_300_schemas_with_names_of_their_own()
    {
        Assert.InRange(SchemaCorpus.Cases.Count, 300, int.MaxValue);
        Assert.Equal(SchemaCorpus.Cases.Count, SchemaCorpus.Cases.DistinctBy(one => one.Name).Count());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Random_texts_of_a_schema_are_valid(string name)
    {
        var schema = SchemaCorpus.Cases.Single(one => one.Name == name);
        var validator = new SchemaValidator(schema.Schema);
        var walk = new SchemaWalk(Compile(schema), SchemaWalk.Vocabulary);
        var random = new Random(name.Aggregate(0, (seed, character) => (seed * 31) + character));

        for (var at = 0; at < TextsOfEach; at++)
        {
            var text = walk.Write(random, isWeighted: at % 2 == 1);

            Assert.True(validator.Allows(text), text);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Listed_values_are_accepted_and_refused_as_the_validator_does(string name)
    {
        var schema = SchemaCorpus.Cases.Single(one => one.Name == name);
        var validator = new SchemaValidator(schema.Schema);
        var grammar = Compile(schema);

        Assert.All(schema.Valid, value => Assert.True(validator.Allows(value), $"the validator refuses {value.GetRawText()}"));
        Assert.All(schema.Valid, value => Assert.True(SchemaWalk.Accepts(grammar, value.GetRawText()), $"refused: {value.GetRawText()}"));
        Assert.All(schema.Invalid, value => Assert.False(validator.Allows(value), $"the validator allows {value.GetRawText()}"));
        Assert.All(schema.Invalid, value => Assert.False(SchemaWalk.Accepts(grammar, value.GetRawText()), value.GetRawText()));
    }

    [Theory]
    [MemberData(nameof(UnsupportedNames))]
    public void What_cannot_be_enforced_is_refused_with_its_keyword_and_place(string name)
    {
        var unsupported = SchemaCorpus.Unsupported.Single(one => one.Name == name);

        var exception = Assert.Throws<SchemaException>(() => SchemaGrammar.Compile(
            unsupported.Schema, false, new GrammarBudget { Time = TimeSpan.FromMinutes(1) }));

        Assert.Equal(unsupported.Path, exception.Path);
        Assert.Contains(unsupported.Keyword, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_enforced_keyword_has_a_schema_in_the_corpus()
    {
        var used = SchemaCorpus.Cases.SelectMany(one => MemberNames(one.Schema)).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(SchemaKeywords.Enforced.Except(used));
    }

    private static CompiledGrammar Compile(SchemaCase schema)
    {
        var budget = new GrammarBudget { Time = TimeSpan.FromMinutes(1) }; // Not a bound on a busy machine.
        return CompiledGrammar.Compile(SchemaGrammar.Compile(schema.Schema, schema.Strict, budget), budget);
    }

    private static IEnumerable<string> MemberNames(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => MemberNames(member.Value).Prepend(member.Name)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(MemberNames),
        _ => [],
    };
}
