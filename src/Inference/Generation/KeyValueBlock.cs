namespace Tollgate.Inference.Generation;

/// <summary>Keys and values of some tokens over all layers, outside the rows. Its memory is the host's, and goes back to the system with
/// the block. One thread at a time.</summary>
/// <param name="tokens">At least 1.</param>
/// <param name="bytes">Of all tokens.</param>
/// <exception cref="System.ComponentModel.Win32Exception">The system has no memory for it.</exception>
internal sealed unsafe class KeyValueBlock(int tokens, int bytes) : IDisposable
{
    private readonly LazyMemory _memory = new(bytes);

    public int Tokens => tokens;

    public int Bytes => bytes;

    /// <summary>The keys and values, in the order of the engine that saved them. Valid until the block is disposed.</summary>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public Span<byte> Content
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
            return new Span<byte>(_memory.Pointer, bytes);
        }
    }

    public void Dispose() => _memory.Dispose();
}
