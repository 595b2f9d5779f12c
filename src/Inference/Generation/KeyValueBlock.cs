using System.Runtime.InteropServices;

namespace Tollgate.Inference.Generation;

/// <summary>Keys and values of some tokens over all layers, outside the rows. Its memory is the host's and not the garbage collector's.
/// One thread at a time.</summary>
internal sealed unsafe class KeyValueBlock : IDisposable
{
    private byte* _memory;

    /// <param name="tokens">At least 1.</param>
    /// <param name="bytes">Of all tokens.</param>
    public KeyValueBlock(int tokens, int bytes)
    {
        (Tokens, Bytes) = (tokens, bytes);
        _memory = (byte*)NativeMemory.Alloc((nuint)bytes);
    }

    ~KeyValueBlock() => Free();

    public int Tokens { get; }

    public int Bytes { get; }

    /// <summary>The keys and values, in the order of the engine that saved them. Valid until the block is disposed.</summary>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public Span<byte> Content
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory is null, this);
            return new Span<byte>(_memory, Bytes);
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_memory);
        _memory = null;
    }
}
