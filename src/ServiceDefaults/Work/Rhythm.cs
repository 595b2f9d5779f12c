namespace Tollgate.ServiceDefaults.Work;

/// <summary>When the runs of a <see cref="RecurringWork"/> begin.</summary>
/// <param name="Interval">Above zero. What it measures depends on <paramref name="IsBeat"/>.</param>
/// <param name="IsBeat">
/// False: the interval is the pause after the end of each run. True: it is the time between the beginnings of two runs; after a run that
/// took longer, the next one begins at once and the later ones keep to the beat.
/// </param>
/// <param name="StartsAtOnce">Whether the first run begins with the work or after one interval.</param>
public readonly record struct Rhythm(TimeSpan Interval, bool IsBeat = false, bool StartsAtOnce = true);
