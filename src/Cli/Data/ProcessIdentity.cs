using System.Globalization;

namespace Tollgate.Cli.Data;

/// <summary>Recognizes a recorded process, because the kernel may have reused its id.</summary>
public static class ProcessIdentity
{
    /// <summary>Returns the id with the kernel's start time (clock ticks since boot); null when there is no such process.</summary>
    public static string? Of(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // The name may contain spaces; fields count from the state on.
            return fields[0] == "Z" ? null : string.Create(CultureInfo.InvariantCulture, $"{processId} {fields[19]}");
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether a process with that id exists and is not a zombie.</summary>
    public static bool IsRunning(int processId) => Of(processId) is not null;

    /// <summary>Returns the id of the recorded process if it still runs; else null.</summary>
    public static int? StillRunning(string noted)
    {
        var space = noted.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && int.TryParse(noted[..space], CultureInfo.InvariantCulture, out var id) && Of(id) == noted.Trim() ? id : null;
    }
}
