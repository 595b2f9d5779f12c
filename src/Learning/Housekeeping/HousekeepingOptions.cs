using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Housekeeping;

/// <summary>What ends by itself. Section <c>Housekeeping</c>.</summary>
internal sealed class HousekeepingOptions
{
    public const string Section = "Housekeeping";

    /// <summary>Interval between looks for files and uploads whose time is over and for contents to remove. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Interval between comparisons of the whole store with the database. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Age from which a content that the database does not know is removed: above the longest transfer, and above the time in which an
    /// operator notices that an older database was restored. Default 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:10:00", "365.00:00:00")]
    public TimeSpan OrphanAge { get; init; } = TimeSpan.FromDays(1);
}

[OptionsValidator]
internal sealed partial class HousekeepingOptionsValidator : IValidateOptions<HousekeepingOptions>;
