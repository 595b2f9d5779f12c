namespace Tollgate.Inference.Generation;

/// <summary>Keys and values of a run of tokens over all layers, outside the rows. Whoever holds it disposes it.</summary>
/// <param name="count">Tokens.</param>
/// <param name="bytes">Over all layers.</param>
internal sealed class KeyValueBlock(int count, long bytes) : IDisposable
{
    /// <summary>For each layer keys and then values, <c>[heads, count, width]</c>.</summary>
    public LazyMemory Memory { get; } = new(bytes);

    /// <summary>Tokens.</summary>
    public int Count => count;

    public void Dispose() => Memory.Dispose();
}
