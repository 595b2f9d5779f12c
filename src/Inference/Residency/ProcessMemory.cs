using System.Runtime.InteropServices;

namespace Tollgate.Inference.Residency;

/// <summary>Memory that the process has freed and the system has not got back.</summary>
internal static partial class ProcessMemory
{
    /// <summary>Collects what is garbage, and returns free memory of the managed and of the native heap. All threads stop
    /// meanwhile.</summary>
    public static void GiveBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _ = TrimNativeHeap(0); // what it returns says only whether there was anything
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimNativeHeap(nuint keptBytes);
}
