using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// The logs of one run: <c>logs/tollgate.log</c> for this process, and a file per child, there or in the child's folder. A file over the
/// limit is copied to <c>.1</c>, older copies move up, and the file is truncated. Every writer appends, so none must reopen it. Lines
/// written in the last microseconds of the copy may be lost.
/// </summary>
internal sealed partial class LogFiles(DataFolder data, TimeProvider clock) : IDisposable
{
    /// <summary>Size in bytes over which a log is rotated.</summary>
    public const long MostBytes = 16 << 20;

    /// <summary>Number of older files kept per log.</summary>
    public const int Kept = 4;

    private const int WriteCreateAppend = 1 | 0x40 | 0x400; // O_WRONLY, O_CREAT, O_APPEND of Linux
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private ITimer? _timer;

    /// <summary>Log file of the services in this process.</summary>
    public string File => Path.Combine(data.Folder("logs"), "tollgate.log");

    /// <summary>Redirects standard output to the log and starts the rotation. Returns the terminal.</summary>
    public TextWriter Begin()
    {
        // The stream keeps a separate descriptor for the previous standard output.
        var terminal = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        using (var log = new SafeFileHandle(Open(File, WriteCreateAppend, 0b110_000_000), ownsHandle: true))
        {
            if (log.IsInvalid || Duplicate(log.DangerousGetHandle().ToInt32(), 1) < 0)
            {
                throw new OperatorException($"{File} cannot be written: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }

        Console.SetOut(TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true }));
        _timer = clock.CreateTimer(_ => RotateAll(), null, Interval, Interval);
        return terminal;
    }

    /// <summary>Writes a line of this program to the log.</summary>
    public void Write(string line) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{clock.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} info: up {line.ReplaceLineEndings(" ")}"));

    public void Dispose() => _timer?.Dispose();

    /// <summary>Rotates a log that is larger than <paramref name="mostBytes"/>.</summary>
    internal static void Rotate(string path, long mostBytes)
    {
        var log = new FileInfo(path);
        if (!log.Exists || log.Length <= mostBytes)
        {
            return;
        }

        for (var age = Kept - 1; age >= 1; age--)
        {
            if (System.IO.File.Exists($"{path}.{age}"))
            {
                System.IO.File.Move($"{path}.{age}", $"{path}.{age + 1}", overwrite: true);
            }
        }

        using var from = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        using var to = OwnerOnly.Create(path + ".1");
        from.CopyTo(to);
        to.Flush();
        from.SetLength(0);
    }

    private void RotateAll()
    {
        try
        {
            foreach (var path in (IEnumerable<string>)
                [.. Directory.GetFiles(data.Folder("logs"), "*.log"), data.At("postgres", "postgres.log"), data.At("redis", "redis.log")])
            {
                Rotate(path, MostBytes);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Write($"a log cannot be put aside: {exception.Message}");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(int from, int to);
}
