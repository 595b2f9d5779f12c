namespace Tollgate.Inference.Templates;

/// <summary>Runs a parsed template. One instance a rendering; nothing outside of it can be reached or changed.</summary>
internal sealed class TemplateInterpreter
{
    /// <summary>Bytes of a loop's variable, of a macro with the scope that it keeps, of a scope.</summary>
    private const int LoopBytes = 1500;
    private const int MacroBytes = 800;

    private readonly TemplateBudget _budget;
    private readonly TemplateFilters _filters;
    private readonly Dictionary<string, object?> _globals;
    private MarkedTextBuilder _output;

    public TemplateInterpreter(Dictionary<string, object?> globals, TemplateBudget budget)
    {
        _globals = globals;
        _budget = budget;
        _filters = new TemplateFilters(budget);
        _output = new MarkedTextBuilder(budget);
    }

    /// <summary>How a statement leaves the loop that it runs in.</summary>
    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    /// <exception cref="TemplateException">The template fails, refuses its input or passes a limit.</exception>
    public MarkedText Render(IReadOnlyList<Statement> statements)
    {
        Run(statements, new Scope(_globals));
        return _output.ToText();
    }

    private Flow Run(IReadOnlyList<Statement> statements, Scope scope)
    {
        _budget.Enter();
        var flow = Flow.Next;
        for (var i = 0; i < statements.Count && flow == Flow.Next; i++)
        {
            _budget.Charge(1);
            flow = Run(statements[i], scope);
        }

        _budget.Leave();
        return flow;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case TextStatement text:
                _output.Append(text.Text);
                return Flow.Next;
            case OutputStatement output:
                _output.Append(TemplateValues.Print(Evaluate(output.Value, scope), _budget));
                return Flow.Next;
            case IfStatement branches:
                return RunIf(branches, scope);
            case ForStatement loop:
                RunFor(loop, scope);
                return Flow.Next;
            case SetStatement set:
                Set(set, scope);
                return Flow.Next;
            case MacroStatement macro:
                _budget.Allocate(MacroBytes);
                scope.Set(macro.Name, (TemplateFunction)(arguments => RunMacro(macro, arguments, scope)));
                return Flow.Next;
            case LoopControlStatement control:
                return control.IsBreak ? Flow.Break : Flow.Continue;
            case BlockStatement block:
                return Run(block.Body, scope);
            default:
                throw new InvalidOperationException($"No rule for {statement.GetType().Name}.");
        }
    }

    private Flow RunIf(IfStatement branches, Scope scope)
    {
        foreach (var (condition, body) in branches.Branches)
        {
            if (condition is null || TemplateValues.IsTrue(Evaluate(condition, scope)))
            {
                return Run(body, scope);
            }
        }

        return Flow.Next;
    }

    private void RunFor(ForStatement loop, Scope scope)
    {
        var items = TemplateValues.Items(Evaluate(loop.Items, scope), _budget);
        _budget.Charge(items.Count);
        if (loop.Condition is { } condition)
        {
            _budget.AllocateList(items.Count);
            items = items.FindAll(item =>
            {
                var inner = new Scope(scope);
                Assign(loop.Names, item, inner);
                return TemplateValues.IsTrue(Evaluate(condition, inner));
            });
        }

        for (var i = 0; i < items.Count; i++)
        {
            var inner = new Scope(scope);
            Assign(loop.Names, items[i], inner);
            inner.SetLoop(items, i, _budget);
            if (Run(loop.Body, inner) == Flow.Break)
            {
                break;
            }
        }

        if (items.Count == 0)
        {
            Run(loop.Otherwise, scope);
        }
    }

    private void Set(SetStatement set, Scope scope)
    {
        var value = set.Value is { } expression ? Evaluate(expression, scope) : Capture(set.Block!, scope);
        if (set.Attribute is null)
        {
            Assign(set.Names, value, scope);
        }
        else if (scope.Get(set.Names[0]) is TemplateMap { IsNamespace: true } space)
        {
            space[set.Attribute] = value;
        }
        else
        {
            throw new TemplateException($"The template sets '{set.Names[0]}.{set.Attribute}', but '{set.Names[0]}' is no namespace.");
        }
    }

    private void Assign(IReadOnlyList<string> names, object? value, Scope scope)
    {
        if (names.Count == 1)
        {
            scope.Set(names[0], value);
            return;
        }

        var items = TemplateValues.Items(value, _budget);
        if (items.Count != names.Count)
        {
            throw new TemplateException($"The template unpacks {items.Count} values into {names.Count} names.");
        }

        for (var i = 0; i < names.Count; i++)
        {
            scope.Set(names[i], items[i]);
        }
    }

    private MarkedText Capture(IReadOnlyList<Statement> body, Scope scope)
    {
        var outer = _output;
        _output = new MarkedTextBuilder(_budget);
        Run(body, new Scope(scope));
        var text = _output.ToText();
        _output = outer;
        return text;
    }

    private MarkedText RunMacro(MacroStatement macro, CallArguments arguments, Scope scope)
    {
        _budget.Enter();
        var inner = new Scope(scope);
        for (var i = 0; i < macro.Parameters.Count; i++)
        {
            var (name, otherwise) = macro.Parameters[i];
            var missing = i >= arguments.Positional.Count && !arguments.Named.ContainsKey(name);
            inner.Set(name, !missing ? arguments.Get(i, name) : otherwise is null ? Undefined.Value : Evaluate(otherwise, scope));
        }

        var text = Capture(macro.Body, inner);
        _budget.Leave();
        return text;
    }

    private object? Evaluate(Expression expression, Scope scope)
    {
        _budget.Charge(1);
        _budget.Enter();
        var value = expression switch
        {
            LiteralExpression literal => literal.Value,
            NameExpression name => scope.Get(name.Name),
            ListExpression list => EvaluateAll(list.Items, scope),
            MapExpression map => EvaluateMap(map, scope),
            MemberExpression member => TemplateMembers.Get(Evaluate(member.Target, scope), Evaluate(member.Key, scope), _budget),
            SliceExpression slice => TemplateMembers.Slice(
                Evaluate(slice.Target, scope), Bound(slice.Start, scope), Bound(slice.Stop, scope), Bound(slice.Step, scope), _budget),
            CallExpression call => Evaluate(call.Target, scope) is TemplateFunction function
                ? function(Evaluate(call.Arguments, scope))
                : throw new TemplateException($"The template calls {Describe(call.Target)}, which is no function."),
            FilterExpression filter => _filters.Apply(filter.Name, Evaluate(filter.Target, scope), Evaluate(filter.Arguments, scope)),
            TestExpression test => TemplateTests.Holds(
                test.Name, Evaluate(test.Target, scope), EvaluateAll(test.Arguments, scope), _budget) != test.Negated,
            UnaryExpression unary => TemplateOperators.Apply(unary.Operator, Evaluate(unary.Operand, scope)),
            BinaryExpression binary => EvaluateBinary(binary, scope),
            ConditionalExpression choice => TemplateValues.IsTrue(Evaluate(choice.Condition, scope))
                ? Evaluate(choice.Value, scope)
                : choice.Otherwise is { } otherwise ? Evaluate(otherwise, scope) : Undefined.Value,
            _ => throw new InvalidOperationException($"No rule for {expression.GetType().Name}."),
        };
        _budget.Leave();
        return value;
    }

    private object? EvaluateBinary(BinaryExpression binary, Scope scope)
    {
        var left = Evaluate(binary.Left, scope);
        return binary.Operator switch
        {
            "and" => TemplateValues.IsTrue(left) ? Evaluate(binary.Right, scope) : left,
            "or" => TemplateValues.IsTrue(left) ? left : Evaluate(binary.Right, scope),
            _ => TemplateOperators.Apply(binary.Operator, left, Evaluate(binary.Right, scope), _budget),
        };
    }

    private List<object?> EvaluateAll(IReadOnlyList<Expression> expressions, Scope scope)
    {
        _budget.AllocateList(expressions.Count);
        var values = new List<object?>(expressions.Count);
        foreach (var expression in expressions)
        {
            values.Add(Evaluate(expression, scope));
        }

        return values;
    }

    private TemplateMap EvaluateMap(MapExpression map, Scope scope)
    {
        _budget.Allocate(TemplateMap.BytesFor(map.Items.Count));
        var value = new TemplateMap();
        foreach (var (key, item) in map.Items)
        {
            value[TemplateValues.Key(TemplateValues.Print(Evaluate(key, scope), _budget), _budget)] = Evaluate(item, scope);
        }

        return value;
    }

    private CallArguments Evaluate(Arguments arguments, Scope scope) => new(
        EvaluateAll(arguments.Positional, scope),
        arguments.Named.GroupBy(a => a.Name).ToDictionary(a => a.Key, a => Evaluate(a.Last().Value, scope)));

    private long? Bound(Expression? bound, Scope scope) => bound is null ? null : Evaluate(bound, scope) switch
    {
        null => null,
        long number => number,
        _ => throw new TemplateException("The template slices with a bound that is no whole number."),
    };

    private static string Describe(Expression target) => target switch
    {
        NameExpression name => $"'{name.Name}'",
        MemberExpression { Key: LiteralExpression { Value: MarkedText key } } => $"'{key.Text}'",
        _ => "something",
    };

    /// <summary>Names that are visible at a place of the template.</summary>
    internal sealed class Scope
    {
        private readonly Scope? _outer;
        private readonly Dictionary<string, object?> _values;
        private Func<TemplateMap>? _loop;

        public Scope(Dictionary<string, object?> globals) => _values = globals;

        public Scope(Scope outer)
        {
            _outer = outer;
            _values = new Dictionary<string, object?>(StringComparer.Ordinal);
        }

        public object? Get(string name)
        {
            for (var scope = this; scope is not null; scope = scope._outer)
            {
                if (scope._values.TryGetValue(name, out var value))
                {
                    return value;
                }

                if (name == "loop" && scope._loop is { } make)
                {
                    return scope._values[name] = make();
                }
            }

            return Undefined.Value;
        }

        public void Set(string name, object? value) => _values[name] = value;

        /// <summary>Sets the variable of a loop's turn, which is made when it is read: few turns read it.</summary>
        public void SetLoop(List<object?> items, int i, TemplateBudget budget) => _loop = () =>
        {
            budget.Allocate(LoopBytes);
            return LoopVariable(items, i);
        };

        private static TemplateMap LoopVariable(List<object?> items, int i) => new()
        {
            ["index"] = i + 1L,
            ["index0"] = (long)i,
            ["revindex"] = (long)items.Count - i,
            ["revindex0"] = items.Count - i - 1L,
            ["first"] = i == 0,
            ["last"] = i == items.Count - 1,
            ["length"] = (long)items.Count,
            ["previtem"] = i > 0 ? items[i - 1] : Undefined.Value,
            ["nextitem"] = i < items.Count - 1 ? items[i + 1] : Undefined.Value,
            ["depth"] = 1L,
            ["cycle"] = (TemplateFunction)(a => a.Positional.Count > 0 ? a.Positional[i % a.Positional.Count] : Undefined.Value),
        };
    }
}
