namespace Tollgate.Inference.Templates;

/// <summary>A position in a template's tokens.</summary>
internal sealed class TokenReader(IReadOnlyList<TemplateToken> tokens)
{
    private int _at;

    public TemplateToken Current => tokens[_at];

    public TemplateToken Peek() => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public void Advance() => _at = Math.Min(_at + 1, tokens.Count - 1);

    public TemplateToken Take(TokenKind kind)
    {
        var token = Current;
        if (token.Kind != kind)
        {
            throw Unexpected();
        }

        Advance();
        return token;
    }

    public bool TryTake(TokenKind kind)
    {
        if (Current.Kind != kind)
        {
            return false;
        }

        Advance();
        return true;
    }

    public bool IsOperator(string sign) => Current.Kind == TokenKind.Operator && Current.Value == sign;

    public bool IsName(string name) => Current.Kind == TokenKind.Name && Current.Value == name;

    public bool TryOperator(string sign)
    {
        var found = IsOperator(sign);
        if (found)
        {
            Advance();
        }

        return found;
    }

    public bool TryName(string name)
    {
        var found = IsName(name);
        if (found)
        {
            Advance();
        }

        return found;
    }

    public void TakeOperator(string sign)
    {
        if (!TryOperator(sign))
        {
            throw Unexpected();
        }
    }

    public void TakeName(string name)
    {
        if (!TryName(name))
        {
            throw Unexpected();
        }
    }

    public TemplateException Unexpected()
    {
        var found = Current.Kind == TokenKind.End ? "end" : $"'{Current.Value}' ({Current.Kind})";
        return new TemplateException($"The template has an unexpected {found} at character {Current.Position}.");
    }
}
