using System.Runtime.CompilerServices;

namespace Tollgate.Inference.Templates;

/// <summary>What one rendering may use. Every operation charges it for the size of what it touches, before it does the work.</summary>
/// <remarks>
/// A template is a stranger's program. Without a charge for size, one step can compare, copy or print a value of any size, and values that
/// share parts are larger than the memory they take. One instance a rendering.
/// </remarks>
/// <param name="inputCharacters">Size of the messages, UTF-16 units: a long chat may take longer.</param>
internal sealed class TemplateBudget(long inputCharacters, CancellationToken cancellationToken)
{
    private const long BaseSteps = 2_000_000;
    private const long BaseBytes = 64L << 20;
    private const int BaseOutput = 1 << 20;
    private const int MostDepth = 300;
    private const int CharactersPerStep = 16;
    private const int StepsPerLook = 4096;

    private readonly long _mostSteps = BaseSteps + (2 * inputCharacters);
    private readonly long _mostBytes = BaseBytes + (64 * inputCharacters);
    private long _steps;
    private long _bytes;
    private long _nextLook;
    private int _depth;

    /// <summary>Most characters of the output and of any text that is made.</summary>
    public int MostOutput { get; } = (int)Math.Min(BaseOutput + (4 * inputCharacters), int.MaxValue / 4);

    /// <summary>Counts work. A step takes some tens of nanoseconds.</summary>
    /// <exception cref="TemplateException">The rendering takes too long.</exception>
    /// <exception cref="OperationCanceledException">The caller does not want the result any more.</exception>
    public void Charge(long steps)
    {
        _steps += Math.Max(steps, 0);
        if (_steps < _nextLook)
        {
            return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (_steps > _mostSteps)
        {
            throw new TemplateException("The template takes too many steps.");
        }

        _nextLook = Math.Min(_steps + StepsPerLook, _mostSteps + 1);
    }

    /// <summary>Counts the reading of characters.</summary>
    public void ChargeText(long characters) => Charge(1 + (characters / CharactersPerStep));

    /// <summary>Counts memory. Nothing is given back: what was made may be kept by the template.</summary>
    /// <exception cref="TemplateException">The rendering takes too much memory.</exception>
    public void Allocate(long bytes)
    {
        Charge(bytes / 256);
        _bytes += bytes;
        if (_bytes > _mostBytes)
        {
            throw new TemplateException("The template takes too much memory.");
        }
    }

    /// <summary>Counts a list before it is made.</summary>
    public void AllocateList(long items)
    {
        Charge(items);
        Allocate(56 + (8 * items));
    }

    /// <summary>Counts a text that was made from one of like size.</summary>
    public MarkedText Made(MarkedText text)
    {
        ChargeText(text.Length);
        Charge(text.Segments.Count / 4);
        Allocate(96 + (2L * text.Length) + (text.Segments.Count > 1 ? (2L * text.Length) + (40L * text.Segments.Count) : 0));
        return text;
    }

    /// <summary>Goes one level deeper: into an expression, a block, a macro, a part of a value.</summary>
    /// <exception cref="TemplateException">It is nested too deeply.</exception>
    public void Enter()
    {
        // The second check keeps the process alive where a caller's own stack is nearly used up.
        if (++_depth > MostDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateException("The template's expressions, blocks, macros or values are nested too deeply.");
        }
    }

    public void Leave() => _depth--;
}
