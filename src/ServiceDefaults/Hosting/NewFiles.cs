using System.Runtime.InteropServices;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Sets the permissions of files and folders that this process creates.</summary>
public static partial class NewFiles
{
    /// <summary>From now on, only the owner can read, write or enter what this process and its children create.</summary>
    public static void AreTheOwnersAlone() => _ = SetMask(0b000_111_111);

    /// <summary>From now on, others can also read and enter it, if they can enter the parent folder.</summary>
    public static void AreReadable() => _ = SetMask(0b000_010_010);

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetMask(uint mask);
}
