using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Money;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/usage/…</c> and <c>/costs</c>: what Billing booked, in buckets.</summary>
internal sealed class AdminUsageDesk(AccountsDb db, BillingClient billing, TimeProvider clock)
{
    private const string Source = "image.generation";
    private const string Unlabeled = "unlabeled";

    private static readonly UsageReportKind Completions = new("completions", ["batch", "service_tier", "api_source"], ["batch"], [])
    {
        Endpoints = [PublicEndpoint.ChatCompletions, PublicEndpoint.Messages, PublicEndpoint.Completions, PublicEndpoint.Responses],
    };

    private static readonly UsageReportKind Embeddings = new("embeddings", [], [], [])
    {
        Endpoints = [PublicEndpoint.Embeddings, PublicEndpoint.Rerank],
    };

    private static readonly UsageReportKind Moderations = new("moderations", [], [], []) { Endpoints = [PublicEndpoint.Moderations] };

    private static readonly UsageReportKind Images = new("images", ["source"], [], ["sources"])
    {
        Endpoints = [PublicEndpoint.ImageGenerations],
    };

    private static readonly UsageReportKind Transcriptions = new("audio_transcriptions", [], [], [])
    {
        Endpoints = [PublicEndpoint.AudioTranscriptions, PublicEndpoint.AudioTranslations],
    };

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminUsageDesk>("GET", "/usage/completions", (desk, call) => desk.ReportAsync(call, Completions, CompletionsOf))
        .Add<AdminUsageDesk>("GET", "/usage/embeddings", (desk, call) => desk.ReportAsync(call, Embeddings, InputOf))
        .Add<AdminUsageDesk>("GET", "/usage/moderations", (desk, call) => desk.ReportAsync(call, Moderations, InputOf))
        .Add<AdminUsageDesk>("GET", "/usage/images", (desk, call) => desk.ReportAsync(call, Images, ImagesOf))
        .Add<AdminUsageDesk>("GET", "/usage/audio_transcriptions", (desk, call) => desk.ReportAsync(call, Transcriptions, TranscriptionsOf))
        .Add<AdminUsageDesk>("GET", "/costs", (desk, call) => desk.ReportCostsAsync(call));

    private async Task<object> ReportAsync<T>(AdminCall call, UsageReportKind kind, Func<UsageCell, T> show)
    {
        var query = kind.Read(call);
        var range = AdminUsageRange.Read(query, clock.GetUtcNow());
        var groups = kind.GroupsOf(query);
        var wanted = await FilterAsync(call, query, new UsageBucketQuery(range.From, range.Upto, range.Width)
        {
            Endpoints = [.. kind.Endpoints.Select(endpoint => endpoint.Scope)],
            Models = query.FindList("models"),
            ServiceClass = query.FindBoolean("batch") is { } batch ? batch ? ServiceClass.Batch : ServiceClass.Standard : null,
        });
        if (query.FindList("sources") is { } sources && sources.Any(source => source != Source))
        {
            throw AdminQuery.Wrong("sources", $"'{Source}'", sources.First(source => source != Source));
        }

        var cells = await CellsAsync(call, wanted, groups, cell => cell);
        return range.Buckets(cells.ToLookup(cell => cell.Start), cell => show(cell with { Kind = kind.Name, Groups = groups }));
    }

    private async Task<object> ReportCostsAsync(AdminCall call)
    {
        var query = new AdminQuery(
            call.Query, ["start_time", "end_time", "page", "limit", "bucket_width"],
            ["group_by", "project_ids", "user_ids", "api_key_ids", "line_items"]);
        var range = AdminUsageRange.ReadCosts(query, clock.GetUtcNow());
        var groups = UsageReportKind.GroupsOf(query, ["project_id", "user_id", "api_key_id", "line_item", "api_source"]);
        var items = query.FindList("line_items");
        var isByItem = groups.Contains("line_item") || items is not null;
        var wanted = await FilterAsync(call, query, new UsageBucketQuery(range.From, range.Upto, range.Width));
        var cells = await CellsAsync(
            call, wanted, isByItem ? [.. groups, "model", "line_item"] : groups,
            cell => cell with { Item = isByItem ? $"{cell.Model}, {cell.Endpoint}" : null });
        var kept = cells.Where(cell => items is null || items.Contains(cell.Item));
        var results = from cell in kept
                      group cell by (cell.Start, cell.ProjectId, cell.UserId, cell.KeyId,
                          Item: groups.Contains("line_item") ? cell.Item : null) into one
                      select one.First() with { Item = one.Key.Item, Amount = one.Sum(cell => cell.Amount) };
        return range.Buckets(results.ToLookup(cell => cell.Start), cell => new AdminCostsResult(
            "organization.costs.result", new AdminAmount(decimal.Round(cell.Amount, 12) / 1.000000000000m, "usd"), cell.Item,
            IdOf(AdminIds.Project, cell.ProjectId), IdOf(AdminIds.User, cell.UserId), IdOf(AdminIds.Key, cell.KeyId),
            groups.Contains("api_source") ? Unlabeled : null));
    }

    /// <summary>The query with the filters of the request; keys of users are keys.</summary>
    private async Task<UsageBucketQuery> FilterAsync(AdminCall call, AdminQuery query, UsageBucketQuery wanted)
    {
        var keys = query.FindIds("api_key_ids", AdminIds.Key);
        if (query.FindIds("user_ids", AdminIds.User) is { } users)
        {
            var owned = await db.ApiKeys.AsNoTracking()
                .Where(key => key.OrganizationId == call.OrganizationId && key.OwnerId != null && users.Contains(key.OwnerId.Value))
                .Select(key => key.Id).ToListAsync(call.Stop);
            keys = [.. keys?.Intersect(owned) ?? owned];
        }

        return wanted with { KeyIds = keys, ProjectIds = query.FindIds("project_ids", AdminIds.Project) };
    }

    /// <summary>What Billing booked, summed by the groups that the answer shows.</summary>
    /// <param name="finish">Adds what is made of several columns.</param>
    private async Task<List<UsageCell>> CellsAsync(
        AdminCall call, UsageBucketQuery wanted, IReadOnlyList<string> groups, Func<UsageCell, UsageCell> finish)
    {
        if (wanted.From >= wanted.To)
        {
            return [];
        }

        var byUser = groups.Contains("user_id");
        var report = await billing.FindUsageAsync(call.OrganizationId, wanted with { Groups = UsageReportKind.Columns(groups) }, call.Stop)
            ?? throw new AdminRefusal(OpenAiError.ServiceAway("Usage and costs"));
        var owners = byUser ? await OwnersAsync(call, report) : [];
        var cells = report.Rows.Select(row => finish(new UsageCell(row)
        {
            ProjectId = groups.Contains("project_id") ? row.ProjectId : null,
            KeyId = groups.Contains("api_key_id") ? row.KeyId : null,
            UserId = byUser && row.KeyId is { } key && owners.TryGetValue(key, out var owner) ? owner : null,
            Model = groups.Contains("model") ? row.Model : null,
            Class = groups.Contains("batch") || groups.Contains("service_tier") ? row.ServiceClass : null,
        }));
        return
        [
            .. from cell in cells
               group cell by (cell.Start, cell.ProjectId, cell.KeyId, cell.UserId, cell.Model, cell.Class, cell.Item) into one
               select one.Aggregate((sum, next) => sum.Plus(next)),
        ];
    }

    private async Task<Dictionary<Guid, Guid>> OwnersAsync(AdminCall call, UsageReport report)
    {
        Guid[] keys = [.. report.Rows.Select(row => row.KeyId).OfType<Guid>().Distinct()];
        return await db.ApiKeys.AsNoTracking()
            .Where(key => key.OrganizationId == call.OrganizationId && keys.Contains(key.Id) && key.OwnerId != null)
            .ToDictionaryAsync(key => key.Id, key => key.OwnerId!.Value, call.Stop);
    }

    private static AdminCompletionsResult CompletionsOf(UsageCell cell) => new()
    {
        Object = cell.Object, NumModelRequests = cell.Requests, ProjectId = IdOf(AdminIds.Project, cell.ProjectId),
        UserId = IdOf(AdminIds.User, cell.UserId), ApiKeyId = IdOf(AdminIds.Key, cell.KeyId), Model = cell.Model,
        InputTokens = cell.Input + cell.Cached, InputCachedTokens = cell.Cached, InputUncachedTokens = cell.Input,
        OutputTokens = cell.Output, Batch = cell.Groups.Contains("batch") ? cell.Class == ServiceClass.Batch : null,
        ServiceTier = !cell.Groups.Contains("service_tier") ? null : cell.Class == ServiceClass.Batch ? "batch" : "default",
        ApiSource = cell.Groups.Contains("api_source") ? Unlabeled : null,
    };

    private static AdminInputResult InputOf(UsageCell cell) => new()
    {
        Object = cell.Object, NumModelRequests = cell.Requests, ProjectId = IdOf(AdminIds.Project, cell.ProjectId),
        UserId = IdOf(AdminIds.User, cell.UserId), ApiKeyId = IdOf(AdminIds.Key, cell.KeyId), Model = cell.Model,
        InputTokens = cell.Input + cell.Cached,
    };

    private static AdminImagesResult ImagesOf(UsageCell cell) => new()
    {
        Object = cell.Object, NumModelRequests = cell.Requests, ProjectId = IdOf(AdminIds.Project, cell.ProjectId),
        UserId = IdOf(AdminIds.User, cell.UserId), ApiKeyId = IdOf(AdminIds.Key, cell.KeyId), Model = cell.Model, Images = cell.Images,
        Source = cell.Groups.Contains("source") ? Source : null,
    };

    private static AdminTranscriptionsResult TranscriptionsOf(UsageCell cell) => new()
    {
        Object = cell.Object, NumModelRequests = cell.Requests, ProjectId = IdOf(AdminIds.Project, cell.ProjectId),
        UserId = IdOf(AdminIds.User, cell.UserId), ApiKeyId = IdOf(AdminIds.Key, cell.KeyId), Model = cell.Model,
        Seconds = cell.AudioMs / 1000,
    };

    private static string? IdOf(AdminIds kind, Guid? id) => id is { } known ? kind.Of(known) : null;
}
