using System.Globalization;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Departures;

/// <summary>
/// The downloads of exports. One is written to a temporary file first: none is sent that is not whole.
/// </summary>
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
        await using var file = CreateFile();
        await export.WriteAsync(workspace.UserId, file, context.RequestAborted);
        audit.Add("account.export", workspace.UserId.ToString());
        await db.SaveChangesAsync(context.RequestAborted);
        await SendAsync(context, file, "account", clock);
    }

    internal static async Task DownloadOrganizationAsync(
        HttpContext context, Workspace workspace, OrganizationExport export, AccountsDb db, AuditTrail audit, TimeProvider clock,
        ILoggerFactory loggers)
    {
        var stop = context.RequestAborted;
        await using var file = CreateFile();
        try
        {
            await export.WriteAsync(workspace.OrganizationId, file, stop);
        }
        catch (Exception exception) when (OtherServices.IsAway(exception, stop))
        {
            LogAway(loggers.CreateLogger(typeof(ExportDownloads)), workspace.OrganizationId, exception.Message);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        audit.Add("organization.export", workspace.OrganizationId.ToString(), workspace.OrganizationId);
        await db.SaveChangesAsync(stop);
        await SendAsync(context, file, "organization", clock);
    }

    /// <summary>A file that only this user can read, and that goes with its stream.</summary>
    private static FileStream CreateFile() => new(
        Path.Combine(Path.GetTempPath(), $"tollgate-export-{Guid.NewGuid():N}"),
        new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

    private static async Task SendAsync(HttpContext context, FileStream file, string what, TimeProvider clock)
    {
        file.Position = 0;
        context.Response.ContentType = "application/zip";
        context.Response.ContentLength = file.Length;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.ContentDisposition = string.Create(
            CultureInfo.InvariantCulture, $"attachment; filename=\"tollgate-{what}-{clock.GetUtcNow():yyyy-MM-dd}.zip\"");
        await file.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    [LoggerMessage(1, LogLevel.Information, "The export of organization {OrganizationId} waits for another service: {Reason}")]
    private static partial void LogAway(ILogger logger, Guid organizationId, string reason);
}
