using System.Globalization;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Departures;

/// <summary>The downloads of exports. A download that cannot be finished is aborted, so that what came never looks whole.</summary>
internal static partial class ExportDownloads
{
    public const string OfAccount = "/account/export/archive";
    public const string OfOrganization = "/organization/export/archive";

    public static void MapExports(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(OfAccount, DownloadAccountAsync).RequireAuthorization().ExcludeFromDescription().WithMetadata(
            new WithoutOrganizationAttribute(), new WhileLeavingAttribute(), new ReauthenticateAttribute { AlsoToRead = true });
        routes.MapGet(OfOrganization, DownloadOrganizationAsync).RequireAuthorization().ExcludeFromDescription().WithMetadata(
            new NeedsAttribute(Permission.ManageOrganization), new WhileLeavingAttribute(),
            new ReauthenticateAttribute { AlsoToRead = true });
    }

    internal static async Task DownloadAccountAsync(
        HttpContext context, Workspace workspace, AccountExport export, AccountsDb db, AuditTrail audit, TimeProvider clock)
    {
        audit.Add("account.export", workspace.UserId.ToString());
        await db.SaveChangesAsync(context.RequestAborted);
        Name(context.Response, "account", clock);
        await export.WriteAsync(workspace.UserId, context.Response.Body, context.RequestAborted);
    }

    internal static async Task DownloadOrganizationAsync(
        HttpContext context, Workspace workspace, OrganizationExport export, AccountsDb db, AuditTrail audit, TimeProvider clock,
        ILoggerFactory loggers)
    {
        var stop = context.RequestAborted;
        try
        {
            await export.CheckAsync(workspace.OrganizationId, stop);
            audit.Add("organization.export", workspace.OrganizationId.ToString(), workspace.OrganizationId);
            await db.SaveChangesAsync(stop);
            Name(context.Response, "organization", clock);
            await export.WriteAsync(workspace.OrganizationId, context.Response.Body, stop);
        }
        catch (Exception exception) when (OtherServices.IsAway(exception, stop))
        {
            LogAway(loggers.CreateLogger(typeof(ExportDownloads)), workspace.OrganizationId, exception.Message);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }

    private static void Name(HttpResponse response, string what, TimeProvider clock)
    {
        response.ContentType = "application/zip";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentDisposition = string.Create(
            CultureInfo.InvariantCulture, $"attachment; filename=\"tollgate-{what}-{clock.GetUtcNow():yyyy-MM-dd}.zip\"");
    }

    [LoggerMessage(1, LogLevel.Information, "The export of organization {OrganizationId} did not come to its end: {Reason}")]
    private static partial void LogAway(ILogger logger, Guid organizationId, string reason);
}
