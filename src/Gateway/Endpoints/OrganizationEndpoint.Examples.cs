using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts.Administration;

namespace Tollgate.Gateway.Endpoints;

internal sealed partial class OrganizationEndpoint
{
    /// <summary>Examples of the endpoint's bodies, made of the records that describe them.</summary>
    private static class Examples
    {
        public const string UserId = "user-0195aaaa00007000800000000000000b";
        private const string Email = "ada@example.com";
        private const string KeyId = "key_0195aaaa00007000800000000000000c";
        private const long Time = 1790000000;

        private static readonly JsonSerializerOptions RequestJson = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

        public static readonly AdminProject Project =
            new("proj_0195aaaa00007000800000000000000d", "organization.project", "Checkout", Time, null, "active");

        public static readonly AdminProjectRequest ProjectRequest = new("Checkout");

        public static readonly AdminProjectChange ProjectChange = new() { Name = "Checkout" };

        public static readonly AdminProjectUser ProjectUser = new(UserId, "organization.project.user", "member", Time, Email, "ada");

        public static readonly AdminProjectUserRequest ProjectUserRequest = new("member") { UserId = UserId };

        public static readonly AdminProjectUserChange ProjectUserChange = new() { Role = "member" };

        public static readonly AdminServiceAccount Account =
            new("svc_acct_0195aaaa00007000800000000000001a", "organization.project.service_account", "ci", "member", Time);

        public static readonly AdminServiceKey ServiceKey = new(
            KeyId, "organization.project.service_account.api_key", "ci", "sk-tg-4f1c9a7e2b6d-not-a-real-key-0000000000", Time, null);

        public static readonly AdminNewServiceAccount NewAccount =
            new(Account.Id, Account.Object, Account.Name, Account.Role, Account.CreatedAt, ServiceKey);

        public static readonly AdminServiceAccountRequest AccountRequest = new("ci");

        public static readonly AdminServiceAccountChange AccountChange = new() { Name = "ci" };

        public static readonly AdminServiceKeyRequest ServiceKeyRequest = new() { Name = "ci", Scopes = ["chat.completions"] };

        public static readonly AdminProjectKey ProjectKey = new(
            KeyId, "organization.project.api_key", "ci", "sk-tg-4f1c9a7e2b6d-…", Time, Time + 60, null,
            new AdminKeyOwner { Type = "user", User = new AdminKeyUser(UserId, Email, "ada", Time, "member") }, "active");

        public static readonly AdminProjectKeyChange KeyChange = new() { ExpiresInSeconds = 86_400, Scopes = ["chat.completions"] };

        public static readonly AdminRateLimit RateLimit =
            new("rl-0195aaaa00007000800000000000000d", "project.rate_limit", "*", 500, 200_000) { MaxRequestsPer1Day = 100_000 };

        public static readonly AdminRateLimitChange RateLimitChange = new() { MaxRequestsPer1Minute = 500 };

        public static readonly AdminModelPermissions Models = new("project.model_permissions", "allow_list", ["tiny-assistant"]);

        public static readonly AdminModelPermissionsRequest ModelsRequest = new("allow_list", ["tiny-assistant"]);

        public static readonly AdminSpendLimit SpendLimit =
            new("organization.spend_limit", 5000, "USD", "month", new AdminEnforcement("enforcing"));

        public static readonly AdminSpendLimitRequest SpendLimitRequest = new(5000, "USD", "month");

        private static readonly AdminNotification Notification = new("email", [Email]) { SubjectPrefix = "[prod]" };

        public static readonly AdminSpendAlert Alert = new(
            "alert_0195aaaa00007000800000000000001b", "organization.spend_alert", 4000, "USD", "month", Notification);

        public static readonly AdminSpendAlertRequest AlertRequest = new(4000, "USD", "month", Notification);

        public static readonly AdminUser User =
            new(UserId, "organization.user", Email, "ada", "reader", Time, Time, Time + 60, false);

        public static readonly AdminUserChange UserChange = new() { Role = "owner" };

        public static readonly AdminInvite Invite = new(
            "invite-0195aaaa00007000800000000000001c", "organization.invite", "bob@example.com", "reader", "pending", Time,
            Time + 604_800, null, [new AdminInviteProject(Project.Id, "member")]);

        public static readonly AdminInviteRequest InviteRequest =
            new("bob@example.com", "reader") { Projects = [new AdminInviteProject(Project.Id, "member")] };

        private static readonly string[] Permissions = ["organization.read", "keys.manage", "project.use", "usage.read"];

        public static readonly AdminRole Role =
            new("role_developer", "role", "developer", null, Permissions, true, "api.organization");

        public static readonly AdminRole CustomRole =
            new("role_0195aaaa00007000800000000000001d", "role", "analyst", null, Permissions, false, "api.organization");

        public static readonly AdminRoleRequest RoleRequest = new("analyst", Permissions);

        public static readonly AdminRoleChange RoleChange = new() { Permissions = Permissions };

        public static readonly AdminRoleAssignment Assignment =
            new(Role.Id, Role.Name, null, Permissions, true, "api.organization");

        private static readonly AdminKeyMaker Maker = new("user", "organization.user", UserId, "ada", Time, "owner");

        public static readonly AdminKeyObject AdminKey =
            new(KeyId, "organization.admin_api_key", "terraform", "sk-admin-4f1c9a7e2b6d-…", Time, null, null, Maker);

        public static readonly AdminNewKey NewAdminKey = new(
            KeyId, "organization.admin_api_key", "terraform", "sk-admin-4f1c9a7e2b6d-…", Time, null, null, Maker,
            "sk-admin-4f1c9a7e2b6d-not-a-real-key-0000000000");

        public static readonly AdminAuditEntry Audit = new(
            "audit_log-17", "project.created", Time,
            new AdminActor("session") { Session = new AdminActorSession(new AdminActorUser(UserId, Email), "203.0.113.7") })
        {
            Details = new Dictionary<string, JsonElement>(StringComparer.Ordinal)
            {
                ["project.created"] = JsonSerializer.SerializeToElement(new { id = Project.Id, data = new { name = "Checkout" } }),
            },
        };

        public static readonly AdminCompletionsResult Completions = new()
        {
            Object = "organization.usage.completions.result", NumModelRequests = 20, ProjectId = Project.Id, UserId = null, ApiKeyId = null,
            Model = "tiny-assistant", InputTokens = 2400, InputCachedTokens = 400, InputUncachedTokens = 2000, OutputTokens = 1600,
            Batch = null, ServiceTier = null, ApiSource = null,
        };

        public static readonly AdminImagesResult Images = new()
        {
            Object = "organization.usage.images.result", NumModelRequests = 2, ProjectId = null, UserId = null, ApiKeyId = null,
            Model = null, Images = 3, Source = null,
        };

        public static readonly AdminTranscriptionsResult Transcriptions = new()
        {
            Object = "organization.usage.audio_transcriptions.result", NumModelRequests = 2, ProjectId = null, UserId = null,
            ApiKeyId = null, Model = null, Seconds = 61,
        };

        public static readonly AdminCostsResult Costs = new(
            "organization.costs.result", new AdminAmount(0.00044m, "usd"), "tiny-assistant, chat.completions", null, null, null, null);

        public static AdminInputResult InputOf(string usage) => new()
        {
            Object = $"organization.usage.{usage}.result", NumModelRequests = 3, ProjectId = null, UserId = null, ApiKeyId = null,
            Model = null, InputTokens = 42,
        };

        /// <summary>An answer as Accounts writes it, or a request without the members that it does not need.</summary>
        public static string Json<T>(T value) =>
            JsonSerializer.Serialize(value, typeof(T).Name.EndsWith("Request", StringComparison.Ordinal)
                || typeof(T).Name.EndsWith("Change", StringComparison.Ordinal) ? RequestJson : JsonSerializerOptions.Default);
    }
}
