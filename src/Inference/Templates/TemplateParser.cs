namespace Tollgate.Inference.Templates;

/// <summary>Parses the statements of a template; expressions are in <see cref="ExpressionParser"/>.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _depth;

    private TemplateParser(IReadOnlyList<TemplateToken> tokens)
    {
        _tokens = new TokenReader(tokens);
        _expressions = new ExpressionParser(_tokens);
    }

    /// <exception cref="TemplateException">The template is malformed.</exception>
    public static IReadOnlyList<Statement> Parse(string source)
    {
        var parser = new TemplateParser(new TemplateLexer(source).Read());
        var statements = parser.ReadUntil();
        return parser._tokens.Current.Kind == TokenKind.End ? statements : throw parser._tokens.Unexpected();
    }

    /// <summary>Reads statements up to one of the given tags, which is left unread.</summary>
    private List<Statement> ReadUntil(params ReadOnlySpan<string> tags)
    {
        if (++_depth > ExpressionParser.MostDepth)
        {
            throw new TemplateException("The template's blocks are nested too deeply.");
        }

        var statements = new List<Statement>();
        while (_tokens.Current.Kind != TokenKind.End)
        {
            var token = _tokens.Current;
            if (token.Kind == TokenKind.Text)
            {
                _tokens.Advance();
                statements.Add(new TextStatement(MarkedText.FromTemplate(token.Value)));
            }
            else if (token.Kind == TokenKind.OpenOutput)
            {
                _tokens.Advance();
                statements.Add(new OutputStatement(_expressions.ReadTuple()));
                _tokens.Take(TokenKind.CloseOutput);
            }
            else if (token.Kind == TokenKind.OpenStatement && !tags.Contains(_tokens.Peek().Value))
            {
                _tokens.Advance();
                statements.Add(ReadStatement());
            }
            else
            {
                break;
            }
        }

        _depth--;
        return statements;
    }

    private Statement ReadStatement()
    {
        var name = _tokens.Take(TokenKind.Name).Value;
        switch (name)
        {
            case "if":
                return ReadIf();
            case "for":
                return ReadFor();
            case "set":
                return ReadSet();
            case "macro":
                return ReadMacro();
            case "break" or "continue":
                _tokens.Take(TokenKind.CloseStatement);
                return new LoopControlStatement(name == "break");
            case "generation":
                _tokens.Take(TokenKind.CloseStatement);
                return new BlockStatement(ReadBody("endgeneration"));
            default:
                throw new TemplateException($"The template uses the statement '{name}', which is not supported.");
        }
    }

    private IfStatement ReadIf()
    {
        var branches = new List<(Expression?, IReadOnlyList<Statement>)>();
        var condition = _expressions.ReadTuple();
        while (true)
        {
            _tokens.Take(TokenKind.CloseStatement);
            branches.Add((condition, ReadUntil("elif", "else", "endif")));
            switch (ReadTag())
            {
                case "elif":
                    condition = _expressions.ReadTuple();
                    continue;
                case "else":
                    _tokens.Take(TokenKind.CloseStatement);
                    branches.Add((null, ReadBody("endif")));
                    break;
                default:
                    _tokens.Take(TokenKind.CloseStatement);
                    break;
            }

            return new IfStatement(branches);
        }
    }

    private ForStatement ReadFor()
    {
        var names = ReadNames();
        _tokens.TakeName("in");
        var items = _expressions.ReadTuple(allowConditional: false);
        var condition = _tokens.TryName("if") ? _expressions.Read() : null;
        _tokens.TryName("recursive");
        _tokens.Take(TokenKind.CloseStatement);
        var body = ReadUntil("else", "endfor");
        IReadOnlyList<Statement> otherwise = [];
        if (ReadTag() == "else")
        {
            _tokens.Take(TokenKind.CloseStatement);
            otherwise = ReadBody("endfor");
        }
        else
        {
            _tokens.Take(TokenKind.CloseStatement);
        }

        return new ForStatement(names, items, condition, body, otherwise);
    }

    private SetStatement ReadSet()
    {
        var names = ReadNames();
        var attribute = names.Count == 1 && _tokens.TryOperator(".") ? _tokens.Take(TokenKind.Name).Value : null;
        if (_tokens.TryOperator("="))
        {
            var value = _expressions.ReadTuple();
            _tokens.Take(TokenKind.CloseStatement);
            return new SetStatement(names, attribute, value, Block: null);
        }

        _tokens.Take(TokenKind.CloseStatement);
        return new SetStatement(names, attribute, Value: null, ReadBody("endset"));
    }

    private MacroStatement ReadMacro()
    {
        var name = _tokens.Take(TokenKind.Name).Value;
        var parameters = new List<(string, Expression?)>();
        _tokens.TakeOperator("(");
        while (!_tokens.TryOperator(")"))
        {
            var parameter = _tokens.Take(TokenKind.Name).Value;
            parameters.Add((parameter, _tokens.TryOperator("=") ? _expressions.Read() : null));
            if (!_tokens.TryOperator(","))
            {
                _tokens.TakeOperator(")");
                break;
            }
        }

        _tokens.Take(TokenKind.CloseStatement);
        return new MacroStatement(name, parameters, ReadBody("endmacro"));
    }

    private List<string> ReadNames()
    {
        var bracket = _tokens.TryOperator("(");
        var names = new List<string> { _tokens.Take(TokenKind.Name).Value };
        while (_tokens.TryOperator(","))
        {
            names.Add(_tokens.Take(TokenKind.Name).Value);
        }

        if (bracket)
        {
            _tokens.TakeOperator(")");
        }

        return names;
    }

    private List<Statement> ReadBody(string end)
    {
        var body = ReadUntil(end);
        _ = ReadTag();
        _tokens.TryTake(TokenKind.Name); // {% endmacro name %}
        _tokens.Take(TokenKind.CloseStatement);
        return body;
    }

    private string ReadTag()
    {
        _tokens.Take(TokenKind.OpenStatement);
        return _tokens.Take(TokenKind.Name).Value;
    }
}
