using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>An engine that notes its steps, and lets a test wait before one.</summary>
internal sealed class WatchedEngine(IDecoderEngine inner) : IDecoderEngine
{
    private readonly Lock _gate = new();
    private readonly List<EngineStep> _steps = [];

    public int Rows => inner.Rows;

    public int Length => inner.Length;

    public long BytesPerToken => inner.BytesPerToken;

    public bool ReadsTogether { get; init; } = inner.ReadsTogether;

    /// <summary>Called before each step, by the scheduler.</summary>
    public Action<EngineStep> Before { get; set; } = _ => { };

    public IReadOnlyList<EngineStep> Steps
    {
        get
        {
            lock (_gate)
            {
                return [.. _steps];
            }
        }
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> past)
    {
        Note(new EngineStep(Decodes: tokens.Length, []));
        inner.Decode(tokens, past);
    }

    public void Extend(int row, ReadOnlySpan<int> tokens, int past)
    {
        Note(new EngineStep(Decodes: 0, [tokens.ToArray()]));
        inner.Extend(row, tokens, past);
    }

    public void ReadFirst(int row, IReadOnlyList<ReadOnlyMemory<int>> tokens, int length)
    {
        Note(new EngineStep(Decodes: 0, [.. tokens.Select(one => one.ToArray())]));
        inner.ReadFirst(row, tokens, length);
    }

    public Span<float> Logits(int index) => inner.Logits(index);

    public void Copy(int from, int to, int tokens) => inner.Copy(from, to, tokens);

    public KeyValueBlock Save(int row, int first, int count) => inner.Save(row, first, count);

    public void Restore(KeyValueBlock block, int row, int first) => inner.Restore(block, row, first);

    public void Release(int row) => inner.Release(row);

    public void Trim(int firstFree) => inner.Trim(firstFree);

    public void Dispose() => inner.Dispose();

    private void Note(EngineStep step)
    {
        lock (_gate)
        {
            _steps.Add(step);
        }

        Before(step);
    }
}

/// <param name="Decodes">Rows of a decode step; 0 where prompts are read.</param>
/// <param name="Reads">Tokens of each prompt that is read.</param>
internal sealed record EngineStep(int Decodes, int[][] Reads);
