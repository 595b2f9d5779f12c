using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Grammars.Schemas;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Tasks.Chat.Constraints;

/// <summary>
/// Grammars of calls as a family of models writes them. Arguments of a strict function meet its schema; those of another one do where the
/// schema can be enforced, and are any object else.
/// </summary>
/// <param name="freely">Whether functions that are not strict are held to objects alone.</param>
internal sealed class CallGrammar(CallSyntax syntax, ToolUse tools, bool freely, GrammarBudget budget)
{
    /// <summary>Steps for the schemas of functions that are not strict: those that need more are held to objects. Steps and no time, so
    /// that the same request has the same answer under any load.</summary>
    private long _stepsLeft = 10_000_000;

    private GrammarNode? _anyObject;

    /// <summary>What the calls are, as a key.</summary>
    public static string KeyOf(CallSyntax syntax, ToolUse tools)
    {
        var key = new StringBuilder($"calls {tools.Parallel} {syntax.Write([])} {syntax.Before} {syntax.Between} {syntax.After}");
        foreach (var tool in tools.Callable)
        {
            key.Append('\0').Append(tool.Name).Append(' ').Append(tool.Strict).Append(' ').Append(tool.Parameters?.GetRawText());
        }

        return key.ToString();
    }

    /// <summary>Adds the rules of one call, or of several, and returns their part.</summary>
    /// <param name="marked">Whether the mark before the first call is a part of it; else it was read before.</param>
    /// <exception cref="AnswerException">The schema of a strict function cannot be used.</exception>
    public GrammarNode Append(List<GrammarNode> rules, bool marked)
    {
        var body = AddBody(rules, AddArguments(rules));
        var head = syntax.Start + syntax.Before;
        return new GrammarNode.Sequence(
            [GrammarParts.Text(marked ? head : head[syntax.Open.Length..]), body, More(body), GrammarParts.Text(syntax.End)]);
    }

    /// <summary>Adds the rules of calls without a mark, the first of which may have any white space up to its arguments.</summary>
    /// <inheritdoc cref="Append" path="/exception"/>
    public GrammarNode AppendCertain(List<GrammarNode> rules, FreeText text)
    {
        var arguments = AddArguments(rules);
        var first = new GrammarNode.Choice([.. tools.Callable.Select((tool, at) => new GrammarNode.Sequence(
            [new GrammarNode.Language(text.CertainCall(tool.Name)), GrammarParts.Space, arguments[at], GrammarParts.Text(syntax.After)]))]);
        return new GrammarNode.Sequence([first, More(AddBody(rules, arguments)), GrammarParts.Text(syntax.End)]);
    }

    /// <summary>The arguments of each function, a rule each.</summary>
    private List<GrammarNode> AddArguments(List<GrammarNode> rules)
    {
        List<GrammarNode> arguments = [];
        foreach (var tool in tools.Callable)
        {
            var part = Arguments(rules, tool);
            arguments.Add(new GrammarNode.Rule(rules.Count));
            rules.Add(part);
        }

        return arguments;
    }

    /// <summary>A rule for a call behind what stands before its name.</summary>
    private GrammarNode.Rule AddBody(List<GrammarNode> rules, List<GrammarNode> arguments)
    {
        rules.Add(new GrammarNode.Choice([.. tools.Callable.Select((tool, at) => new GrammarNode.Sequence(
            [GrammarParts.Text(tool.Name + syntax.Between), arguments[at], GrammarParts.Text(syntax.After)]))]));
        return new GrammarNode.Rule(rules.Count - 1);
    }

    private GrammarNode More(GrammarNode.Rule body) => tools.Parallel
        ? new GrammarNode.Repeat(new GrammarNode.Sequence([GrammarParts.Text(syntax.Separator + syntax.Before), body]), 0, null)
        : GrammarParts.Empty;

    private GrammarNode Arguments(List<GrammarNode> rules, ToolDefinition tool)
    {
        if (tool.Parameters is not { } parameters)
        {
            return GrammarParts.Text("{}");
        }

        if (tool.Strict)
        {
            return Strictly(rules, tool, parameters);
        }

        if (!freely && _stepsLeft > 0)
        {
            var own = new GrammarBudget { Steps = _stepsLeft };
            try
            {
                return SchemaGrammar.Append(rules, WithType(parameters), strict: false, own);
            }
            catch (Exception exception) when (exception is SchemaException or GrammarException or GrammarTooLargeException)
            {
                // A function that is not strict promises nothing but an object.
            }
            finally
            {
                _stepsLeft -= own.Spent;
            }
        }

        return _anyObject ??= FormatGrammar.Append(rules, SchemaGrammar.AnyObject(budget));
    }

    private GrammarNode Strictly(List<GrammarNode> rules, ToolDefinition tool, JsonElement parameters)
    {
        try
        {
            return SchemaGrammar.Append(rules, parameters, strict: true, budget);
        }
        catch (Exception exception) when (exception is SchemaException or GrammarException or GrammarTooLargeException)
        {
            throw new AnswerException(OpenAiError.InvalidFunctionParameters(tool.Name, tool.Member, exception.Message.TrimEnd('.')));
        }
    }

    /// <summary>A schema of arguments is one of objects even where it does not say so.</summary>
    private static JsonElement WithType(JsonElement parameters)
    {
        if (parameters.TryGetProperty("type", out _))
        {
            return parameters;
        }

        var typed = JsonObject.Create(parameters)!;
        typed["type"] = "object";
        return JsonElement.Parse(typed.ToJsonString());
    }
}
