using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Templates;

/// <summary>Parses expressions, loosest binding first: conditional, or, and, not,
/// comparison, sum, ~, product, power, unary, postfix.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    /// <summary>How deep blocks and brackets may be nested.</summary>
    public const int MostDepth = 100;

    private int _depth;

    /// <summary>One expression, or several parted by commas as a tuple.</summary>
    public Expression ReadTuple(bool allowConditional = true)
    {
        var first = allowConditional ? Read() : ReadOr();
        if (!tokens.IsOperator(","))
        {
            return first;
        }

        var items = new List<Expression> { first };
        while (tokens.TryOperator(",") && tokens.Current.Kind is not (TokenKind.CloseOutput or TokenKind.CloseStatement)
            && !tokens.IsOperator(")"))
        {
            items.Add(allowConditional ? Read() : ReadOr());
        }

        return new ListExpression(items);
    }

    public Expression Read()
    {
        if (++_depth > MostDepth)
        {
            throw new TemplateException("The template's expressions are nested too deeply.");
        }

        var value = ReadOr();
        while (tokens.TryName("if"))
        {
            var condition = ReadOr();
            value = new ConditionalExpression(value, condition, tokens.TryName("else") ? Read() : null);
        }

        _depth--;
        return value;
    }

    private Expression ReadOr()
    {
        var left = ReadAnd();
        while (tokens.TryName("or"))
        {
            left = new BinaryExpression("or", left, ReadAnd());
        }

        return left;
    }

    private Expression ReadAnd()
    {
        var left = ReadNot();
        while (tokens.TryName("and"))
        {
            left = new BinaryExpression("and", left, ReadNot());
        }

        return left;
    }

    private Expression ReadNot()
    {
        var negations = 0;
        while (tokens.TryName("not"))
        {
            negations++;
        }

        var value = ReadComparison();
        if (negations > 0)
        {
            value = new UnaryExpression("not", value);
            value = negations % 2 == 0 ? new UnaryExpression("not", value) : value; // not not x is a truth value, not x
        }

        return value;
    }

    private Expression ReadComparison()
    {
        var left = ReadSum();
        Expression? all = null;
        while (ComparisonOperator() is { } sign)
        {
            var right = ReadSum();
            Expression one = new BinaryExpression(sign, left, right);
            all = all is null ? one : new BinaryExpression("and", all, one); // a < b < c
            left = right;
        }

        return all ?? left;
    }

    private string? ComparisonOperator()
    {
        foreach (var sign in (ReadOnlySpan<string>)["==", "!=", "<=", ">=", "<", ">"])
        {
            if (tokens.TryOperator(sign))
            {
                return sign;
            }
        }

        if (tokens.TryName("in"))
        {
            return "in";
        }

        if (tokens.IsName("not") && tokens.Peek() is { Kind: TokenKind.Name, Value: "in" })
        {
            tokens.Advance();
            tokens.Advance();
            return "not in";
        }

        return null;
    }

    private Expression ReadSum() => ReadLeft(ReadConcatenation, "+", "-");

    private Expression ReadConcatenation() => ReadLeft(ReadProduct, "~");

    private Expression ReadProduct() => ReadLeft(ReadPower, "*", "//", "/", "%");

    private Expression ReadPower() => ReadLeft(() => ReadUnary(withFilter: true), "**");

    private Expression ReadLeft(Func<Expression> operand, params ReadOnlySpan<string> signs)
    {
        var left = operand();
        while (tokens.Current.Kind == TokenKind.Operator && signs.Contains(tokens.Current.Value))
        {
            var sign = tokens.Take(TokenKind.Operator).Value;
            left = new BinaryExpression(sign, left, operand());
        }

        return left;
    }

    private Expression ReadUnary(bool withFilter)
    {
        Expression value;
        if (tokens.IsOperator("-") || tokens.IsOperator("+"))
        {
            if (++_depth > MostDepth)
            {
                throw new TemplateException("The template's expressions are nested too deeply.");
            }

            value = new UnaryExpression(tokens.Take(TokenKind.Operator).Value, ReadUnary(withFilter: false));
            _depth--;
        }
        else
        {
            value = ReadPostfix(ReadPrimary());
        }

        return withFilter ? ReadFilters(value) : value;
    }

    private Expression ReadPostfix(Expression value)
    {
        while (true)
        {
            if (tokens.TryOperator("."))
            {
                var key = tokens.Current.Kind == TokenKind.Integer ? tokens.Take(TokenKind.Integer) : tokens.Take(TokenKind.Name);
                value = new MemberExpression(value, new LiteralExpression(
                    key.Kind == TokenKind.Integer ? ParseInteger(key.Value) : MarkedText.FromTemplate(key.Value)));
            }
            else if (tokens.TryOperator("["))
            {
                value = ReadSubscript(value);
            }
            else if (tokens.IsOperator("("))
            {
                value = new CallExpression(value, ReadArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ReadSubscript(Expression target)
    {
        var parts = new Expression?[3];
        var part = 0;
        while (!tokens.TryOperator("]"))
        {
            if (tokens.TryOperator(":"))
            {
                if (++part > 2)
                {
                    throw tokens.Unexpected();
                }
            }
            else if (parts[part] is null)
            {
                parts[part] = Read();
            }
            else
            {
                throw tokens.Unexpected();
            }
        }

        return part > 0 ? new SliceExpression(target, parts[0], parts[1], parts[2])
            : parts[0] is { } key ? new MemberExpression(target, key)
            : throw tokens.Unexpected();
    }

    private Expression ReadFilters(Expression value)
    {
        while (true)
        {
            if (tokens.TryOperator("|"))
            {
                var name = tokens.Take(TokenKind.Name).Value;
                value = new FilterExpression(value, name, tokens.IsOperator("(") ? ReadArguments() : Arguments.None);
            }
            else if (tokens.TryName("is"))
            {
                value = ReadTest(value);
            }
            else if (tokens.IsOperator("(") || tokens.IsOperator(".") || tokens.IsOperator("["))
            {
                value = ReadPostfix(value); // (x | first).name is written without brackets at times
            }
            else
            {
                return value;
            }
        }
    }

    private TestExpression ReadTest(Expression value)
    {
        var negated = tokens.TryName("not");
        var name = tokens.Take(TokenKind.Name).Value;
        IReadOnlyList<Expression> arguments = [];
        if (tokens.IsOperator("("))
        {
            arguments = ReadArguments().Positional;
        }
        else if (tokens.Current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Real
            || (tokens.Current.Kind == TokenKind.Name
                && tokens.Current.Value is not ("else" or "or" or "and" or "is" or "if" or "not" or "in")))
        {
            arguments = [ReadPostfix(ReadPrimary())]; // x is divisibleby 3
        }

        return new TestExpression(value, name, arguments, negated);
    }

    private Arguments ReadArguments()
    {
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        tokens.TakeOperator("(");
        while (!tokens.TryOperator(")"))
        {
            if (tokens.Current.Kind == TokenKind.Name && tokens.Peek() is { Kind: TokenKind.Operator, Value: "=" })
            {
                var name = tokens.Take(TokenKind.Name).Value;
                tokens.TakeOperator("=");
                named.Add((name, Read()));
            }
            else
            {
                positional.Add(Read());
            }

            if (!tokens.TryOperator(","))
            {
                tokens.TakeOperator(")");
                break;
            }
        }

        return new Arguments(positional, named);
    }

    private Expression ReadPrimary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.String:
                return ReadStrings();
            case TokenKind.Integer:
                tokens.Advance();
                return new LiteralExpression(ParseInteger(token.Value));
            case TokenKind.Real:
                tokens.Advance();
                return new LiteralExpression(double.Parse(token.Value, CultureInfo.InvariantCulture));
            case TokenKind.Name:
                tokens.Advance();
                return token.Value switch
                {
                    "true" or "True" => new LiteralExpression(true),
                    "false" or "False" => new LiteralExpression(false),
                    "none" or "None" => new LiteralExpression(null),
                    _ => new NameExpression(token.Value),
                };
            case TokenKind.Operator when token.Value is "(" or "[" or "{":
                tokens.Advance();
                return token.Value switch
                {
                    "[" => new ListExpression(ReadItems("]", out _)),
                    "{" => ReadMap(),
                    _ => ReadBracket(),
                };
            default:
                throw tokens.Unexpected();
        }
    }

    private LiteralExpression ReadStrings()
    {
        var value = new StringBuilder(tokens.Take(TokenKind.String).Value);
        while (tokens.Current.Kind == TokenKind.String) // adjacent literals are one
        {
            value.Append(tokens.Take(TokenKind.String).Value);
        }

        return new LiteralExpression(MarkedText.FromTemplate(value.ToString()));
    }

    private Expression ReadBracket()
    {
        var items = ReadItems(")", out var hasComma);
        return items.Count == 1 && !hasComma ? items[0] : new ListExpression(items);
    }

    private List<Expression> ReadItems(string close, out bool hasComma)
    {
        var items = new List<Expression>();
        hasComma = false;
        while (!tokens.TryOperator(close))
        {
            items.Add(Read());
            if (!tokens.TryOperator(","))
            {
                tokens.TakeOperator(close);
                break;
            }

            hasComma = true;
        }

        return items;
    }

    private MapExpression ReadMap()
    {
        var items = new List<(Expression, Expression)>();
        while (!tokens.TryOperator("}"))
        {
            var key = Read();
            tokens.TakeOperator(":");
            items.Add((key, Read()));
            if (!tokens.TryOperator(","))
            {
                tokens.TakeOperator("}");
                break;
            }
        }

        return new MapExpression(items);
    }

    private static long ParseInteger(string digits) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new TemplateException($"The template's number {digits} is too large.");
}
