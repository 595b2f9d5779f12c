using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>
/// Grammars of the JSON texts that meet a JSON Schema. Every text of such a grammar is valid under the schema; rare ways of writing a valid
/// value are left out. A keyword is enforced, is an annotation, or is refused by name.
/// </summary>
/// <remarks>
/// Members come in the schema's order, then those it does not list. One space may stand after a comma and a colon. Two members that the
/// schema does not list may have one name: a grammar cannot compare them, and readers of JSON take the last.
/// </remarks>
internal static class SchemaGrammar
{
    /// <summary>The grammar of all texts that meet a schema.</summary>
    /// <param name="strict">Whether the schema must keep the rules of OpenAI's strict mode, <see cref="StrictRules"/>.</param>
    /// <exception cref="SchemaException">The schema is malformed, breaks a rule, or cannot be enforced.</exception>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static Grammar Compile(JsonElement schema, bool strict, GrammarBudget budget) => new([.. Rules(schema, strict, budget)]);

    /// <summary>The grammar of any JSON object.</summary>
    public static Grammar AnyObject(GrammarBudget budget)
    {
        using var anything = JsonDocument.Parse("true");
        return new([.. new SchemaCompiler(new SchemaDocument(anything.RootElement), budget).CompileObject()]);
    }

    /// <summary>A part of a larger grammar: any text that meets a schema. Its rules are added behind those that are there.</summary>
    /// <exception cref="SchemaException">The schema is malformed, breaks a rule, or cannot be enforced.</exception>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static GrammarNode Append(IList<GrammarNode> rules, JsonElement schema, bool strict, GrammarBudget budget)
    {
        var first = rules.Count;
        foreach (var rule in Rules(schema, strict, budget))
        {
            rules.Add(GrammarParts.Move(rule, first));
        }

        return new GrammarNode.Rule(first);
    }

    private static IReadOnlyList<GrammarNode> Rules(JsonElement schema, bool strict, GrammarBudget budget)
    {
        var document = new SchemaDocument(schema);
        if (strict)
        {
            new StrictRules(document).Check();
        }

        return new SchemaCompiler(document, budget).Compile();
    }
}
