namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>Ages rows of the running system, where a person would wait for minutes or weeks.</summary>
internal static class AgedRows
{
    /// <summary>Lets an hour pass since the person of an address last proved who it is.</summary>
    public static async Task AgeSessionsAsync(this RunningTollgate running, string email) => Assert.NotNull(await running.Books.TextAsync(
        """
        update accounts.sessions set authenticated_at = authenticated_at - interval '1 hour'
        where user_id = (select id from accounts.users where email = $1) returning id::text
        """, email));

    /// <summary>Ends the grace period of what the person of an address asked to delete.</summary>
    public static async Task EndGraceAsync(this RunningTollgate running, string email) => Assert.NotNull(await running.Books.TextAsync(
        """
        update accounts.departures set due_at = now(), next_attempt_at = now()
        where requested_by = (select id from accounts.users where email = $1) and finished_at is null and cancelled_at is null
        returning id::text
        """, email));
}
