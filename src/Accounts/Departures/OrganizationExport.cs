using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Departures;

/// <summary>Writes what the platform knows of one organization, without secrets and without contents of files.</summary>
internal sealed class OrganizationExport(
    AccountsDb db, OtherServices services, IOptions<DepartureOptions> options, TimeProvider clock)
{
    private const string UsageHead =
        "day_utc,project_id,key_id,model,endpoint,service_class,requests,input_tokens,cached_tokens,output_tokens,audio_ms,images,pixels,"
        + "steps,calls,elements,amount_usd";

    private const string LedgerHead = "transaction_id,at_utc,kind,description,amount_usd";

    private const string FilesHead = "project_id,file_id,filename,purpose,bytes,status,created_at_utc,expires_at_utc";

    /// <param name="output">Receives a ZIP of JSON and CSV files.</param>
    /// <exception cref="HttpRequestException">Learning or Billing is away.</exception>
    public async Task WriteAsync(Guid organizationId, Stream output, CancellationToken cancellationToken)
    {
        await using var archive = await ExportArchive.CreateAsync(output, cancellationToken);
        var organization = await db.Organizations.AsNoTracking().SingleAsync(one => one.Id == organizationId, cancellationToken);
        await archive.AddJsonAsync(
            "organization.json", new { organization.Id, organization.Name, organization.CreatedAt }, cancellationToken);
        var projects = await db.Projects.AsNoTracking().Where(one => one.OrganizationId == organizationId)
            .OrderBy(one => one.CreatedAt).ThenBy(one => one.Id).ToListAsync(cancellationToken);
        await archive.AddJsonAsync("projects.json", projects, cancellationToken);
        await AddRowsAsync(archive, organizationId, cancellationToken);
        var most = options.Value.MostLines;
        var usage = await archive.AddCsvAsync(
            "usage.csv", UsageHead, ReadUsageAsync(organization, cancellationToken), most, cancellationToken);
        var ledger = await archive.AddCsvAsync(
            "ledger.csv", LedgerHead, ReadLedgerAsync(organizationId, cancellationToken), most, cancellationToken);
        var files = await archive.AddCsvAsync(
            "files.csv", FilesHead, ReadFilesAsync(organizationId, [.. projects.Select(one => one.Id)], cancellationToken), most,
            cancellationToken);
        await archive.AddJsonAsync(
            "manifest.json", new { ExportedAt = clock.GetUtcNow(), Usage = usage, Ledger = ledger, Files = files }, cancellationToken);
    }

    private async Task AddRowsAsync(ExportArchive archive, Guid organizationId, CancellationToken cancellationToken)
    {
        await archive.AddRowsAsync(
            "members.json",
            (from member in db.Memberships
             where member.OrganizationId == organizationId
             join user in db.Users on member.UserId equals user.Id
             orderby member.JoinedAt
             select new { UserId = user.Id, user.Email, member.Role, member.CustomRoleId, member.JoinedAt }).AsAsyncEnumerable(),
            cancellationToken);
        await archive.AddRowsAsync(
            "keys.json",
            db.ApiKeys.AsNoTracking().Where(key => key.OrganizationId == organizationId).OrderBy(key => key.CreatedAt).Select(key => new
            {
                key.Id, key.ProjectId, key.PublicId, key.Name, key.State, key.Limits, key.Scopes, key.ModelsAllowed, key.ModelsDenied,
                key.Networks, key.ExpiresAt, key.CreatedAt, key.CreatedBy, key.RevokedAt,
            }).AsAsyncEnumerable(),
            cancellationToken);
        await archive.AddJsonAsync(
            "policy.json",
            await db.OrganizationRules.AsNoTracking().Where(one => one.OrganizationId == organizationId)
                .Select(one => new { one.Limits, one.Models, one.Suspended, one.ClosesAt }).SingleAsync(cancellationToken),
            cancellationToken);
        await archive.AddRowsAsync(
            "audit.json",
            db.AuditEntries.AsNoTracking().Where(entry => entry.OrganizationId == organizationId).OrderBy(entry => entry.Id)
                .Select(entry => new
                {
                    entry.Number, entry.At, entry.ActorId, entry.OperatorId, entry.Via, entry.Address, entry.Browser, entry.Action,
                    entry.Subject, entry.Before, entry.After,
                }).AsAsyncEnumerable(),
            cancellationToken);
    }

    /// <summary>Reads usage by UTC day, a month of it at a time.</summary>
    private async IAsyncEnumerable<string> ReadUsageAsync(
        Organization organization, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (from, end) = (new DateTimeOffset(organization.CreatedAt.UtcDateTime.Date, TimeSpan.Zero), clock.GetUtcNow());
        for (; from < end; from = from.AddDays(31))
        {
            var until = from.AddDays(31);
            var report = await services.ReadUsageAsync(organization.Id, from, until, cancellationToken);
            foreach (var row in report.Rows)
            {
                yield return CsvLine.Of(
                    row.Start.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Id(row.ProjectId), Id(row.KeyId), row.Model,
                    row.Endpoint, row.ServiceClass.ToString(), row.Requests, row.InputTokens, row.CachedTokens, row.OutputTokens,
                    row.AudioMs, row.Images, row.Pixels, row.Steps, row.Calls, row.Elements, row.Amount);
            }
        }
    }

    private async IAsyncEnumerable<string> ReadLedgerAsync(
        Guid organizationId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var page = await services.ReadLedgerAsync(organizationId, after, cancellationToken);
            foreach (var line in page.Lines)
            {
                yield return CsvLine.Of(line.TransactionId.ToString(), line.At, line.Kind, line.Description, line.Amount);
            }

            after = page.Next;
        }
        while (after is not null);
    }

    private async IAsyncEnumerable<string> ReadFilesAsync(
        Guid organizationId, IReadOnlyList<Guid> projects, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var project in projects)
        {
            string? after = null;
            bool more;
            do
            {
                var page = await services.ListFilesAsync(organizationId, project, after, cancellationToken);
                foreach (var file in page.Data)
                {
                    yield return CsvLine.Of(
                        project.ToString(), file.Id, file.Filename, file.Purpose, file.Bytes, file.Status, Time(file.CreatedAt),
                        file.ExpiresAt is { } end ? Time(end) : null);
                }

                (more, after) = (page.HasMore, page.Data is [.., var last] ? last.Id : null);
            }
            while (more && after is not null);
        }
    }

    private static string? Id(Guid? id) => id is { } one && one != Guid.Empty ? one.ToString() : null;

    private static DateTimeOffset Time(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds);
}
