using Tollgate.Gateway.Journal;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>Reads the journal's segments beside the gateway that writes them.</summary>
internal static class JournalPeek
{
    /// <summary>Whether a request of the key was admitted: its hold is in Redis, and its ADMITTED record is in the journal.</summary>
    /// <param name="data">The data folder of the installation.</param>
    public static bool HasAdmitted(string data, Guid keyId) =>
        Directory.EnumerateFiles(Path.Combine(data, "gateway"), "*.seg", SearchOption.AllDirectories)
            .Any(path => HasAdmittedIn(path, keyId));

    private static bool HasAdmittedIn(string path, Guid keyId)
    {
        using var segment = Segment.Open(path);
        var window = new byte[RecordFormat.LargestRecord];
        for (var offset = Segment.HeaderBytes; offset < segment.Size;)
        {
            var part = window.AsSpan(0, Math.Min(window.Length, segment.Size - offset));
            segment.Read(offset, part);
            var length = RecordFormat.ReadLength(part);
            if (length == 0)
            {
                return false;
            }

            if ((RecordType)part[8] == RecordType.Admitted)
            {
                var payload = new RecordReader(part[RecordFormat.FrameBytes..length]);
                if (AdmittedRequest.Read(ref payload).KeyId == keyId)
                {
                    return true;
                }
            }

            offset += length;
        }

        return false;
    }
}
