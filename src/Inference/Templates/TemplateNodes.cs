namespace Tollgate.Inference.Templates;

/// <summary>A statement of a template.</summary>
internal abstract record Statement;

/// <summary>Text outside of tags.</summary>
internal sealed record TextStatement(MarkedText Text) : Statement;

/// <summary><c>{{ value }}</c>.</summary>
internal sealed record OutputStatement(Expression Value) : Statement;

/// <summary><c>if</c>, <c>elif</c> and <c>else</c>; the last branch may lack a condition.</summary>
internal sealed record IfStatement(IReadOnlyList<(Expression? Condition, IReadOnlyList<Statement> Body)> Branches) : Statement;

/// <summary><c>for a, b in items if condition</c>, with the body of its <c>else</c>.</summary>
internal sealed record ForStatement(
    IReadOnlyList<string> Names, Expression Items, Expression? Condition, IReadOnlyList<Statement> Body,
    IReadOnlyList<Statement> Otherwise) : Statement;

/// <summary><c>set a, b = value</c> or <c>set space.name = value</c>; a block's value is what the block writes.</summary>
internal sealed record SetStatement(
    IReadOnlyList<string> Names, string? Attribute, Expression? Value, IReadOnlyList<Statement>? Block) : Statement;

/// <summary><c>macro name(a, b = default)</c>.</summary>
internal sealed record MacroStatement(
    string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body) : Statement;

/// <summary><c>break</c> or <c>continue</c>.</summary>
internal sealed record LoopControlStatement(bool IsBreak) : Statement;

/// <summary>Statements whose tags only mark something, such as <c>generation</c>.</summary>
internal sealed record BlockStatement(IReadOnlyList<Statement> Body) : Statement;

/// <summary>An expression of a template.</summary>
internal abstract record Expression;

/// <summary>A number, a text, a truth value or none.</summary>
internal sealed record LiteralExpression(object? Value) : Expression;

/// <summary>A variable.</summary>
internal sealed record NameExpression(string Name) : Expression;

/// <summary>A list, or a tuple, which is read alike.</summary>
internal sealed record ListExpression(IReadOnlyList<Expression> Items) : Expression;

/// <summary><c>{ key: value }</c>.</summary>
internal sealed record MapExpression(IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression;

/// <summary><c>target.name</c> or <c>target[key]</c>.</summary>
internal sealed record MemberExpression(Expression Target, Expression Key) : Expression;

/// <summary><c>target[start:stop:step]</c>.</summary>
internal sealed record SliceExpression(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

/// <summary><c>target(arguments)</c>.</summary>
internal sealed record CallExpression(Expression Target, Arguments Arguments) : Expression;

/// <summary><c>target | name(arguments)</c>.</summary>
internal sealed record FilterExpression(Expression Target, string Name, Arguments Arguments) : Expression;

/// <summary><c>target is name</c> or <c>target is not name</c>.</summary>
internal sealed record TestExpression(Expression Target, string Name, IReadOnlyList<Expression> Arguments, bool Negated) : Expression;

/// <summary>An operator before its operand.</summary>
internal sealed record UnaryExpression(string Operator, Expression Operand) : Expression;

/// <summary>An operator between its operands.</summary>
internal sealed record BinaryExpression(string Operator, Expression Left, Expression Right) : Expression;

/// <summary><c>value if condition else otherwise</c>.</summary>
internal sealed record ConditionalExpression(Expression Value, Expression Condition, Expression? Otherwise) : Expression;

/// <summary>Arguments of a call, a filter or a macro.</summary>
internal sealed record Arguments(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static Arguments None { get; } = new([], []);
}
