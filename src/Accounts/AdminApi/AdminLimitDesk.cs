using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Rate limits, models and what is kept: the rules of projects and of the organization for gateways, besides money.</summary>
internal sealed class AdminLimitDesk(AccountsDb db, AdminProjects projects, PolicyRegister policies)
{
    private const string OneProject = "/projects/{project}";
    private const string Zero = "zero_data_retention";
    private const string Kept = "modified_abuse_monitoring";
    private const string KeptByProject = "none";
    private const string Default = "organization_default";

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminLimitDesk>("GET", $"{OneProject}/rate_limits", (desk, call) => desk.ListRatesAsync(call))
        .Add<AdminLimitDesk>("POST", $"{OneProject}/rate_limits/{{limit}}", (desk, call) => desk.ChangeRatesAsync(call))
        .Add<AdminLimitDesk>("GET", $"{OneProject}/model_permissions", (desk, call) => desk.ShowModelsAsync(call))
        .Add<AdminLimitDesk>("POST", $"{OneProject}/model_permissions", (desk, call) => desk.ChangeModelsAsync(call))
        .Add<AdminLimitDesk>("DELETE", $"{OneProject}/model_permissions", (desk, call) => desk.AllowAllModelsAsync(call))
        .Add<AdminLimitDesk>("GET", $"{OneProject}/data_retention", (desk, call) => desk.ShowRetentionOfProjectAsync(call))
        .Add<AdminLimitDesk>("POST", $"{OneProject}/data_retention", (desk, call) => desk.ChangeRetentionOfProjectAsync(call))
        .Add<AdminLimitDesk>("GET", "/data_retention", (desk, call) => desk.ShowRetentionAsync(call))
        .Add<AdminLimitDesk>("POST", "/data_retention", (desk, call) => desk.ChangeRetentionAsync(call));

    private async Task<object> ListRatesAsync(AdminCall call)
    {
        var query = call.List();
        return query.Page([await RatesAsync(call, await projects.FindAsync(call))], limit => limit.Id);
    }

    private async Task<object> ChangeRatesAsync(AdminCall call)
    {
        var body = call.Read<AdminRateLimitChange>();
        body.Refuse("max_images_per_1_minute", "max_audio_megabytes_per_1_minute", "batch_1_day_max_input_tokens");
        var rpm = body.FindInteger("max_requests_per_1_minute", 1, RateLimitKind.MostPerMinute);
        var tpm = body.FindInteger("max_tokens_per_1_minute", 1, RateLimitKind.MostPerMinute);
        var rpd = body.FindInteger("max_requests_per_1_day", 1, RateLimitKind.MostPerDay);
        var project = await projects.FindAsync(call);
        if (call.Id("limit", AdminIds.RateLimit) != project.Id)
        {
            throw AdminRefusal.NotFound(AdminIds.RateLimit, call.Text("limit"));
        }

        await projects.ChangeAsync(call, project, "project.limits", one =>
        {
            var limits = one.Limits with
            {
                RequestsPerMinute = rpm ?? one.Limits.RequestsPerMinute,
                TokensPerMinute = tpm ?? one.Limits.TokensPerMinute,
                RequestsPerDay = rpd ?? one.Limits.RequestsPerDay,
            };
            var changes = limits != one.Limits;
            one.Limits = limits;
            return changes;
        });
        return await RatesAsync(call, await projects.FindAsync(call));
    }

    private async Task<AdminRateLimit> RatesAsync(AdminCall call, Project project)
    {
        var organization = await policies.FindLimitsAsync(call.OrganizationId, call.Stop) ?? Limits.None;
        long? Tightest(LimitKind kind) => (kind.Of(project.Limits), kind.Of(organization)) switch
        {
            ({ } one, { } other) => Math.Min(one, other),
            var (one, other) => one ?? other,
        };
        return new AdminRateLimit(
            AdminIds.RateLimit.Of(project.Id), "project.rate_limit", "*",
            Tightest(RateLimitKind.RequestsPerMinute) ?? RateLimitKind.MostPerMinute,
            Tightest(RateLimitKind.TokensPerMinute) ?? RateLimitKind.MostPerMinute)
        {
            MaxRequestsPer1Day = Tightest(RateLimitKind.RequestsPerDay),
        };
    }

    private async Task<object> ShowModelsAsync(AdminCall call) => Models(await projects.FindAsync(call));

    private async Task<object> ChangeModelsAsync(AdminCall call)
    {
        var body = call.Read<AdminModelPermissionsRequest>();
        var allows = body.OneOf("mode", "allow_list", "deny_list") == "allow_list";
        string[] names = [.. body.Texts("model_ids", 500).Order(StringComparer.Ordinal)];
        if (allows && names.Length == 0)
        {
            throw body.Wrong("model_ids", "at least one model in an allow_list");
        }

        await projects.ChangeAsync(
            call, await projects.FindAsync(call), "project.models",
            one => one.ChangeModels(allows ? names : null, allows || names.Length == 0 ? null : names));
        return Models(await projects.FindAsync(call));
    }

    private async Task<object> AllowAllModelsAsync(AdminCall call)
    {
        await projects.ChangeAsync(call, await projects.FindAsync(call), "project.models", one => one.ChangeModels(null, null));
        return new AdminDeleted("project.model_permissions.deleted", true);
    }

    private static AdminModelPermissions Models(Project project) => new(
        "project.model_permissions", project.ModelsAllowed is null ? "deny_list" : "allow_list",
        project.ModelsAllowed?.Except(project.ModelsDenied ?? []).ToArray() ?? project.ModelsDenied ?? []);

    private async Task<object> ShowRetentionOfProjectAsync(AdminCall call) => Retention(await projects.FindAsync(call));

    private async Task<object> ChangeRetentionOfProjectAsync(AdminCall call)
    {
        var type = TypeOf(call, Default, KeptByProject, Zero, Kept);
        await projects.ChangeAsync(
            call, await projects.FindAsync(call), "project.responses.retention",
            one => type == Default ? one.FollowRetention() : one.KeepResponses(type != Zero));
        return Retention(await projects.FindAsync(call));
    }

    private static AdminDataRetention Retention(Project project) => new(
        "project.data_retention", !project.DecidesRetention ? Default : project.KeepsResponses ? KeptByProject : Zero);

    private async Task<object> ShowRetentionAsync(AdminCall call)
    {
        var keepsNone = await db.OrganizationRules.Where(rules => rules.OrganizationId == call.OrganizationId)
            .Select(rules => rules.KeepsNoResponses).SingleAsync(call.Stop);
        return new AdminDataRetention("organization.data_retention", keepsNone ? Zero : Kept);
    }

    private async Task<object> ChangeRetentionAsync(AdminCall call)
    {
        var type = TypeOf(call, Zero, Kept);
        await policies.KeepNoResponsesAsync(call.OrganizationId, type == Zero, actorId: null, call.Stop);
        return await ShowRetentionAsync(call);
    }

    /// <param name="known">The types that this service has.</param>
    private static string TypeOf(AdminCall call, params string[] known)
    {
        var body = call.Read<AdminDataRetentionRequest>();
        var type = body.Text("retention_type", 100);
        return type is "enhanced_zero_data_retention" or "enhanced_modified_abuse_monitoring"
            ? throw new AdminRefusal(OpenAiError.UnsupportedParameter(
                "retention_type", $"cannot be '{type}': nobody reads what is kept, so that there is nothing to enhance"))
            : body.OneOf("retention_type", known);
    }
}
