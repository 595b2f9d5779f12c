namespace Tollgate.Contracts.Reports;

/// <summary>Problems of the books that need the operator. Billing → Accounts, <c>GET /internal/books</c>.</summary>
/// <param name="Checks">The last run of each comparison, R1 to R5.</param>
/// <param name="Differences">Open differences, oldest first, at most 200.</param>
/// <param name="OpenDifferences">Number of all open differences.</param>
/// <param name="RejectedUsage">Number of usage rows that could not be booked and wait.</param>
/// <param name="ParkedCheckouts">Number of payments that do not match their checkout.</param>
public sealed record BooksState(
    IReadOnlyList<BookCheck> Checks, IReadOnlyList<BookDifference> Differences, long OpenDifferences, long RejectedUsage,
    long ParkedCheckouts)
{
    /// <summary>Whether any problem is open.</summary>
    public bool IsCritical =>
        OpenDifferences > 0 || RejectedUsage > 0 || ParkedCheckouts > 0 || Checks.Any(check => check.Differences > 0);
}

/// <summary>The last run of one comparison.</summary>
/// <param name="Name"><c>R1</c> to <c>R5</c>.</param>
/// <param name="Checked">Number of items compared.</param>
/// <param name="Detail">The first difference; null when there is none.</param>
public sealed record BookCheck(string Name, DateTimeOffset FinishedAt, long Checked, long Differences, string? Detail);

/// <summary>One request or one till on which two books disagree.</summary>
/// <param name="Owner">The component whose record is missing or wrong.</param>
/// <param name="RequestId">Zero when the difference does not concern a single request.</param>
public sealed record BookDifference(
    string Check, string Kind, Guid OrganizationId, Guid RequestId, string Owner, string Detail, DateTimeOffset FoundAt);
