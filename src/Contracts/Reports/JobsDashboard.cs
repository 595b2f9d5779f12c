namespace Tollgate.Contracts.Reports;

/// <summary>Where the dashboard of Billing's jobs lies, in the portal and on Billing's internal listener.</summary>
public static class JobsDashboard
{
    public const string Path = "/admin/jobs";

    /// <summary>
    /// Header with the portal's form token. A browser sends it with each POST; the portal sends a token to Billing with each GET, to be
    /// written into the page.
    /// </summary>
    public const string TokenHeader = "RequestVerificationToken";
}
