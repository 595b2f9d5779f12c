using System.Runtime.InteropServices;

namespace Tollgate.Inference.Generation;

/// <summary>Numbers outside the garbage collector's memory, aligned to 64 bytes: the order of SIMD sums depends on the alignment.</summary>
internal sealed unsafe class AlignedFloats(int count) : IDisposable
{
    private const int Alignment = 64;
    private float* _numbers = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), Alignment);

    /// <summary>Valid until they are disposed.</summary>
    public Span<float> Span => new(_numbers, count);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_numbers);
        _numbers = null;
    }
}
