using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Users;
using Tollgate.Contracts.Audit;
using Tollgate.Contracts.Json;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.AuditLog;

/// <summary>Downloads of the audit log from its pages, and what the operator's command line verifies and exports.</summary>
internal static class AuditLogEndpoints
{
    private const string Csv = "csv";
    private const string Lines = "jsonl";
    private const string InstallationName = "installation";
    private const int MostTaken = 5000;

    public static void MapAuditLog(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/audit/export", ExportOwnAsync).RequireAuthorization().WithMetadata(new NeedsAttribute(Permission.ReadAudit))
            .ExcludeFromDescription();
        routes.MapGet("/admin/audit/export", ExportAllAsync).RequireAuthorization(new AuthorizeAttribute { Roles = Roles.Operator })
            .ExcludeFromDescription();
        var operators = routes.MapInternal("/internal/audit", "operator").WithRowsOfAll();
        operators.MapGet("/verify", VerifyAsync);
        operators.MapGet("/export", ExportPieceAsync);
        operators.MapGet("/heads", ExportHeadsAsync);
    }

    /// <summary>Downloads the organization's entries that a filter chooses.</summary>
    internal static Task ExportOwnAsync(
        HttpContext context, string? format, AuditBook book, AuditExport export, AuditTrail audit, AccountsDb db, Workspace workspace) =>
        SendAsync(context, "/audit", workspace.OrganizationId, format, book, export, audit, db);

    /// <summary>Downloads the entries of one organization or of all.</summary>
    internal static Task ExportAllAsync(
        HttpContext context, string? format, Guid? organization, AuditBook book, AuditExport export, AuditTrail audit, AccountsDb db) =>
        SendAsync(context, "/admin/audit", organization, format, book, export, audit, db);

    /// <summary>Verifies one chain, or all. Answers 400 for a name that is no chain's.</summary>
    /// <param name="chain">Id of an organization, or <c>installation</c>; null for all.</param>
    /// <param name="head"><c>NUMBER:HASH</c> of an entry that must be in the chain; null for none.</param>
    internal static async Task<Results<JsonHttpResult<IReadOnlyList<AuditChainReport>>, ValidationProblem>> VerifyAsync(
        string? chain, string? head, AuditVerifier verifier, CancellationToken cancellationToken)
    {
        if (chain is null)
        {
            return TypedResults.Json(await verifier.VerifyAllAsync(cancellationToken), ContractsJson.Default.IReadOnlyListAuditChainReport);
        }

        if (!TryReadChain(chain, out var organizationId))
        {
            return Invalid("chain", "Name the id of an organization, or installation.");
        }

        (long Number, string Hash)? expected = null;
        if (head is not null)
        {
            if (head.Split(':') is not [var digits, { Length: 64 } hash]
                || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return Invalid("head", "Must be NUMBER:HASH with 64 hex digits.");
            }

            expected = (number, hash);
        }

        IReadOnlyList<AuditChainReport> one = [await verifier.VerifyAsync(organizationId, cancellationToken, expected)];
        return TypedResults.Json(one, ContractsJson.Default.IReadOnlyListAuditChainReport);
    }

    /// <summary>Answers the next entries of an export, oldest first, with <see cref="AuditHeaders"/>.</summary>
    /// <param name="organization">Null for all entries of the installation.</param>
    /// <param name="after">Id of the last entry of the piece before; null for the first piece.</param>
    internal static async Task ExportPieceAsync(
        HttpContext context, Guid? organization, long? after, string? format, AuditBook book, AuditExport export, AuditTrail audit,
        AccountsDb db)
    {
        if (after is null)
        {
            audit.Add("audit.export", format ?? Lines, organization);
            await db.SaveChangesAsync(context.RequestAborted);
        }

        var entries = book.Export(organization).Where(entry => after == null || entry.Id > after).Take(MostTaken);
        var ids = await entries.Select(entry => entry.Id).ToListAsync(context.RequestAborted);
        context.Response.Headers[AuditHeaders.Count] = ids.Count.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[AuditHeaders.Last] = ids.LastOrDefault().ToString(CultureInfo.InvariantCulture);
        await (format == Csv
            ? export.WriteCsvAsync(entries, hasHead: after is null, context.Response.Body, context.RequestAborted)
            : AuditExport.WriteLinesAsync(entries, context.Response.Body, context.RequestAborted));
    }

    /// <summary>Answers the signed heads of the chains.</summary>
    internal static Task ExportHeadsAsync(HttpContext context, Guid? organization, AuditExport export) =>
        export.WriteHeadsAsync(organization, context.Response.Body, context.RequestAborted);

    private static async Task SendAsync(
        HttpContext context, string page, Guid? organizationId, string? format, AuditBook book, AuditExport export, AuditTrail audit,
        AccountsDb db)
    {
        var stop = context.RequestAborted;
        var filter = AuditFilter.Of(context.Request.Query);
        var entries = book.Export(organizationId, filter);
        var isTooLarge = filter.FindFaults().Count == 0 && await AuditBook.IsTooLargeAsync(entries, stop);
        if (isTooLarge || filter.FindFaults().Count > 0 || format is not (Csv or Lines))
        {
            context.Response.Redirect(filter.AddressOf(
                page, ("organization", context.Request.Query["organization"]), ("tooMany", isTooLarge ? "true" : null)));
            return;
        }

        audit.Add("audit.export", format, organizationId, after: filter);
        await db.SaveChangesAsync(stop);
        context.Response.ContentType = format == Csv ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"audit.{format}\"";
        context.Response.Headers.CacheControl = "no-store";
        if (format == Csv)
        {
            await export.WriteCsvAsync(entries, hasHead: true, context.Response.Body, stop);
            return;
        }

        await AuditExport.WriteLinesAsync(entries, context.Response.Body, stop);
        await export.WriteHeadsAsync(organizationId, context.Response.Body, stop);
    }

    private static bool TryReadChain(string chain, out Guid? organizationId)
    {
        var isOrganization = Guid.TryParse(chain, out var id);
        organizationId = isOrganization ? AuditLines.OrganizationOf(id) : null;
        return isOrganization || chain == InstallationName;
    }

    private static ValidationProblem Invalid(string member, string text) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [member] = [text] });
}
