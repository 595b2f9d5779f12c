namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>JSON values without a schema.</summary>
internal sealed class FreeJson(SchemaCompiler compiler)
{
    private GrammarNode? _value;
    private GrammarNode? _object;

    /// <summary>Any value.</summary>
    public GrammarNode Value()
    {
        Make();
        return _value!;
    }

    /// <summary>Any object.</summary>
    public GrammarNode Object()
    {
        Make();
        return _object!;
    }

    private void Make()
    {
        if (_value is not null)
        {
            return;
        }

        var rule = compiler.Reserve();
        _value = new GrammarNode.Rule(rule);
        var numbers = new NumberLanguage(Constraints.None, ValueTypes.Number, compiler.Budget).Make();
        var name = GrammarParts.Sequence(
            GrammarParts.Text("\""), new GrammarNode.Language(StringLanguage.AnyName), GrammarParts.Text("\""), GrammarParts.Colon);
        var members = GrammarParts.Separated(compiler.Rule(GrammarParts.Sequence(name, _value)), 0, null);
        _object = compiler.Rule(GrammarParts.Sequence(GrammarParts.Text("{"), members, GrammarParts.Text("}")));
        compiler.Fill(rule, GrammarParts.Choice(
            GrammarParts.Text("null"), GrammarParts.Text("true"), GrammarParts.Text("false"), new GrammarNode.Language(numbers),
            compiler.Strings.Make(Constraints.None), _object,
            GrammarParts.Sequence(GrammarParts.Text("["), GrammarParts.Separated(_value, 0, null), GrammarParts.Text("]"))));
    }
}
