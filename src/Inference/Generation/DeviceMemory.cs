using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Generation;

/// <summary>The memory in which the sessions of a provider compute: a GPU's, or the host's, where copies are those of the host. It owns
/// what it allocates. One thread; copies to the host on several.</summary>
internal sealed unsafe class DeviceMemory : IDisposable
{
    /// <summary>The device is cleared from zeros of the host, then from itself.</summary>
    private const int ClearedBytes = 1 << 20;

    private readonly OrtAllocator? _device;
    private readonly OrtMemoryInfo? _deviceInfo;
    private readonly List<OrtMemoryAllocation> _allocations = [];

    /// <param name="session">Its allocator serves, so that its arena and this share one budget of the device.</param>
    public DeviceMemory(InferenceSession session, ExecutionProvider provider)
    {
        if (provider.IsCuda)
        {
            CudaLibrary.Register();
            _deviceInfo = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, 0, OrtMemType.Default);
            _device = new OrtAllocator(session, _deviceInfo);
        }
    }

    private OrtMemoryInfo Info => _deviceInfo ?? OrtMemoryInfo.DefaultInstance;

    /// <summary>Memory that reads as zero: what lies behind a row's tokens is multiplied with zero, and must be a number.</summary>
    /// <param name="bytes">Below 4 GiB, the most that one allocation can have.</param>
    /// <exception cref="OnnxRuntimeException">The device has no such memory.</exception>
    public nint Allocate(long bytes)
    {
        var allocation = DeviceUse.Share(() => (_device ?? OrtAllocator.DefaultInstance).Allocate(checked((uint)bytes)));
        _allocations.Add(allocation);
        var address = allocation.DangerousGetHandle();
        var zeros = new byte[Math.Min(bytes, ClearedBytes)];
        fixed (byte* zero = zeros)
        {
            Upload((nint)zero, address, zeros.Length);
        }

        for (long cleared = zeros.Length; cleared < bytes; cleared *= 2)
        {
            Move([(address, address + (nint)cleared)], Math.Min(cleared, bytes - cleared));
        }

        return address;
    }

    /// <summary>A tensor over memory of the device; the memory stays its owner's.</summary>
    public OrtValue Tensor(TensorElementType type, nint address, int numberBytes, params long[] shape) =>
        OrtValue.CreateTensorValueWithData(
            Info, type, shape, address, shape.Aggregate((long)numberBytes, (product, extent) => product * extent));

    /// <summary>Copies from the host to the device.</summary>
    public void Upload(nint host, nint device, long bytes) => Upload([(host, device)], bytes);

    /// <summary>Copies pieces of <paramref name="bytes"/> each from the host to the device.</summary>
    public void Upload(IReadOnlyList<(nint From, nint To)> pieces, long bytes) =>
        Copy(OrtMemoryInfo.DefaultInstance, Info, pieces, bytes);

    /// <summary>Copies pieces from the device to the host.</summary>
    public void Download(IReadOnlyList<(nint From, nint To)> pieces, long bytes) =>
        Copy(Info, OrtMemoryInfo.DefaultInstance, pieces, bytes);

    /// <summary>Copies pieces inside the device; no two overlap.</summary>
    public void Move(IReadOnlyList<(nint From, nint To)> pieces, long bytes) => Copy(Info, Info, pieces, bytes);

    public void Dispose()
    {
        _allocations.ForEach(allocation => allocation.Dispose());
        _device?.Dispose();
        _deviceInfo?.Dispose();
    }

    private void Copy(OrtMemoryInfo from, OrtMemoryInfo to, IReadOnlyList<(nint From, nint To)> pieces, long bytes)
    {
        if (_device is null)
        {
            foreach (var piece in pieces)
            {
                Buffer.MemoryCopy((void*)piece.From, (void*)piece.To, bytes, bytes);
            }

            return;
        }

        // Copies end before the call does; runs end before theirs, so no stream has to wait for another.
        var sources = pieces.Select(piece => Bytes(from, piece.From)).ToArray();
        var targets = pieces.Select(piece => Bytes(to, piece.To)).ToArray();
        try
        {
            DeviceUse.Share(() =>
            {
                OrtEnv.Instance().CopyTensors(sources, targets, null);
                return true;
            });
        }
        finally
        {
            Array.ForEach([.. sources, .. targets], value => value.Dispose());
        }

        OrtValue Bytes(OrtMemoryInfo info, nint address) =>
            OrtValue.CreateTensorValueWithData(info, TensorElementType.UInt8, [bytes], address, bytes);
    }
}
