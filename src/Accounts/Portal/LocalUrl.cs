namespace Tollgate.Accounts.Portal;

/// <summary>Prevents redirects to other sites.</summary>
internal static class LocalUrl
{
    /// <summary>Returns <paramref name="url"/> if it is a path of the portal itself, else <c>/</c>.</summary>
    public static string OrHome(string? url) =>
        url is ['/', ..] && !(url.Length > 1 && url[1] is '/' or '\\') && !url.Any(c => char.IsControl(c) || c == '\\') ? url : "/";

    /// <summary>Returns a query that names the page to come back to; empty for none.</summary>
    public static string AsQuery(string? url) => OrHome(url) is "/" ? "" : "?returnUrl=" + Uri.EscapeDataString(url!);
}
