using System.Globalization;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Restores;

/// <summary>A beat that a Billing process knows to be committed. Gateways keep the newest one and send it with each request.</summary>
/// <param name="Database">Identity of the database, as <see cref="RestoreWatch.RecognizeAsync"/> returns it.</param>
/// <param name="Process">The process that wrote the beat.</param>
/// <param name="Beat">The beat's number; each process counts from 1.</param>
internal sealed record DatabaseBeat(string Database, Guid Process, long Beat)
{
    /// <summary>Parses the text that <see cref="ToString"/> makes; null for any other.</summary>
    public static DatabaseBeat? Parse(string? text) =>
        text is { Length: > 0 and <= DatabaseHeader.LongestValue } && text.Split(' ') is [var database, var process, var beat]
            && Guid.TryParseExact(process, "N", out var id)
            && long.TryParse(beat, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new DatabaseBeat(database, id, number)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Database} {Process:N} {Beat}");
}
