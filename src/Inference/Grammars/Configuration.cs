namespace Tollgate.Inference.Grammars;

/// <summary>
/// Where a text stands in a grammar: the stacks whose topmost state may read a byte, and whether the text may end. Several stacks mean
/// that the text can be read in several ways. Immutable.
/// </summary>
internal sealed class Configuration : IEquatable<Configuration>
{
    private readonly int _hash;

    public Configuration(Frame[] stacks, bool canEnd, bool leaves)
    {
        Stacks = stacks;
        CanEnd = canEnd;
        Leaves = leaves;
        ToEnd = canEnd || leaves ? 0 : long.MaxValue / 8;
        foreach (var stack in stacks)
        {
            ToEnd = Math.Min(ToEnd, stack.ToEnd);
            Levels = Math.Max(Levels, stack.Levels);

            // A sum, because the order of the stacks does not matter.
            _hash += stack.GetHashCode();
        }

        _hash = (_hash * 4) + (canEnd ? 1 : 0) + (leaves ? 2 : 0);
    }

    /// <summary>The stacks that may read a byte, each once.</summary>
    public Frame[] Stacks { get; }

    /// <summary>Whether the text is whole here.</summary>
    public bool CanEnd { get; }

    /// <summary>Whether a stack's known levels end here; what follows is in the unknown ones.</summary>
    public bool Leaves { get; }

    /// <summary>Fewest bytes to a whole text.</summary>
    public long ToEnd { get; }

    /// <summary>Levels of the deepest stack.</summary>
    public int Levels { get; }

    /// <summary>Whether no text goes on and none ends.</summary>
    public bool IsDead => Stacks.Length == 0 && !CanEnd && !Leaves;

    /// <summary>Whether the text is whole and nothing may follow.</summary>
    public bool IsComplete => Stacks.Length == 0 && CanEnd;

    public bool Equals(Configuration? other)
    {
        if (other is null || _hash != other._hash || CanEnd != other.CanEnd || Leaves != other.Leaves
            || Stacks.Length != other.Stacks.Length)
        {
            return false;
        }

        for (var i = 0; i < Stacks.Length; i++)
        {
            // Nearly always in the same order.
            if (!Frame.AreSame(Stacks[i], other.Stacks[i]) && !Array.Exists(other.Stacks, stack => Frame.AreSame(stack, Stacks[i])))
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as Configuration);

    public override int GetHashCode() => _hash;
}
