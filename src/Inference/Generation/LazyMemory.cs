using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Zeroed native memory of which the operating system commits a page when it is first
/// touched, and takes it back on request. Aligned to a page.
/// </summary>
internal sealed unsafe partial class LazyMemory : SafeHandle
{
    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymousNoReserve = 0x02 | 0x20 | 0x4000;
    private const int DontNeed = 4;
    private static readonly nint Failed = -1;
    private readonly nuint _bytes;

    /// <exception cref="Win32Exception">The address space is used up or limited.</exception>
    public LazyMemory(long bytes)
        : base(0, ownsHandle: true)
    {
        _bytes = (nuint)bytes;
        var address = MemoryMap(0, _bytes, ReadWrite, PrivateAnonymousNoReserve, -1, 0);
        if (address == Failed)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Cannot map {bytes} bytes.");
        }

        SetHandle(address);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>First byte. Valid until the memory is disposed.</summary>
    public byte* Pointer => (byte*)handle;

    /// <summary>Gives the whole pages inside a range back; they read as zero afterwards.</summary>
    public void Release(long start, long length)
    {
        var page = Environment.SystemPageSize;
        var first = (start + page - 1) / page * page;
        var end = (start + length) / page * page;
        if (end > first && MemoryAdvise((nint)(Pointer + first), (nuint)(end - first), DontNeed) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "Cannot give memory back.");
        }
    }

    protected override bool ReleaseHandle() => MemoryUnmap(handle, _bytes) == 0;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MemoryMap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int MemoryUnmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int MemoryAdvise(nint address, nuint length, int advice);
}
