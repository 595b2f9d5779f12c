using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Journal;

/// <summary>Section <c>Journal</c>.</summary>
internal sealed class JournalOptions
{
    public const string Section = "Journal";

    /// <summary>Where the segments lie. One gateway alone may use it; a lock sees to that.</summary>
    [Required]
    public string Folder { get; init; } = "";

    /// <summary>Size of a new segment. Default 16 MiB.</summary>
    [Range(16 * 1024, 1024 * 1024 * 1024)]
    public int SegmentBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Longest time that a record lies in memory alone; only a power cut can lose it there. Default 20 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan SyncEvery { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a shipped segment is kept, so that its usage can be shipped again to a database restored from a backup. Default 7
    /// days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Name of this gateway, stable over restarts; the machine's name by default.</summary>
    public string GatewayId { get; init; } = Environment.MachineName;
}

[OptionsValidator]
internal sealed partial class JournalOptionsValidator : IValidateOptions<JournalOptions>;
