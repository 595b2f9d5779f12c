using System.Globalization;

namespace Tollgate.Accounts.Departures;

/// <summary>What stays of a deleted account or organization, as the text that is signed: the facts, a line each.</summary>
internal static class DepartureReceipt
{
    /// <param name="finishedAt">When the last name was removed.</param>
    public static string TextOf(Departure departure, DateTimeOffset finishedAt)
    {
        string[] head =
        [
            departure.Kind == DepartureKind.Account ? "tollgate account receipt 1" : "tollgate organization receipt 1",
            departure.Kind == DepartureKind.Account ? $"user-{departure.SubjectId:N}" : $"org-{departure.SubjectId:N}",
            $"requested {Time(departure.RequestedAt)}",
            $"deleted {Time(finishedAt)}",
            Count("keys", departure.Destroyed.Keys),
        ];
        return string.Join('\n', departure.Kind == DepartureKind.Account ? head : [.. head, .. FactsOf(departure.Destroyed)]);
    }

    private static string[] FactsOf(DestroyedFacts destroyed) =>
    [
        Count("files", destroyed.Files), Count("file-bytes", destroyed.FileBytes), Count("models", destroyed.Models),
        Count("responses", destroyed.Responses), Count("jobs-ended", destroyed.Jobs),
        $"balance-usd {destroyed.Balance?.ToString("0.############", CultureInfo.InvariantCulture) ?? "none"}",
    ];

    private static string Count(string name, long count) => string.Create(CultureInfo.InvariantCulture, $"{name} {count}");

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
