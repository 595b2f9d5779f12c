using Tollgate.Contracts.Administration;

namespace Tollgate.Gateway.Endpoints;

internal sealed partial class OrganizationEndpoint
{
    private static readonly string[] Widths = ["1m", "1h", "1d"];

    private static readonly OperationParameter[] OfEveryReport =
    [
        new("start_time", "First second of the range, Unix time.") { Least = 0, Most = 253_402_300_799, IsRequired = true },
        new("end_time", "First second after the range. Default now.") { Least = 0, Most = 253_402_300_799 },
        new("page", "next_page of the answer before."),
        new("project_ids", "Only these projects.", IsList: true),
        new("user_ids", "Only keys of these users.", IsList: true),
        new("api_key_ids", "Only these keys.", IsList: true),
    ];

    private static readonly OperationParameter[] OfUsage =
    [
        .. OfEveryReport,
        new("models", "Only these models, by their real names.", IsList: true),
        new("bucket_width", "Default 1d.", Widths),
        new("limit", "Most buckets: of 1d up to 31, default 7; of 1h up to 168, default 24; of 1m up to 1,440, default 60.")
        {
            Least = 1,
            Most = 1440,
        },
    ];

    private static void MapProjects(OperationTable table)
    {
        table.List(
            "/projects", "listProjects", "List projects", "Lists the projects of the organization, by default without archived ones.",
            Examples.Project, Examples.Project.Id, new OperationParameter("include_archived", "Default false.", ["true", "false"]));
        table.Post(
            "/projects", "createProject", "Create a project", "A name that another project has is refused with 409.",
            Examples.ProjectRequest, Examples.Project);
        table.Get(OneProject, "retrieveProject", "Show a project", "Shows an archived one too.", Examples.Project);
        table.Post(OneProject, "updateProject", "Rename a project", "Changes nothing where the name is the same.",
            Examples.ProjectChange, Examples.Project);
        table.Act(
            $"{OneProject}/archive", "archiveProject", "Archive a project",
            "Its keys are refused from the next request on. This cannot be undone. The default project cannot be archived.",
            Examples.Project with { ArchivedAt = 1790000900, Status = "archived" });
    }

    private static void MapProjectMembers(OperationTable table)
    {
        const string Users = $"{OneProject}/users";
        const string Accounts = $"{OneProject}/service_accounts";
        const string Keys = $"{OneProject}/api_keys";
        table.List(Users, "listProjectUsers", "List members of a project", "Owners and administrators too, who are members of each.",
            Examples.ProjectUser, Examples.UserId);
        table.Post(Users, "createProjectUser", "Add a member to a project", "Answers for one who is a member too.",
            Examples.ProjectUserRequest, Examples.ProjectUser);
        table.Get($"{Users}/{{user}}", "retrieveProjectUser", "Show a member of a project", "Shows role and address.",
            Examples.ProjectUser);
        table.Post($"{Users}/{{user}}", "updateProjectUser", "Confirm a member's role",
            "The role in a project follows from that in the organization, so that only the present one is accepted.",
            Examples.ProjectUserChange, Examples.ProjectUser);
        table.Delete($"{Users}/{{user}}", "deleteProjectUser", "Remove a member from a project",
            "Personal keys of the member in this project are refused from the next request on.",
            new AdminDeleted("organization.project.user.deleted", true) { Id = Examples.UserId });
        table.List(Accounts, "listProjectServiceAccounts", "List service accounts", "Lists the accounts of a project.",
            Examples.Account, Examples.Account.Id);
        table.Post(Accounts, "createProjectServiceAccount", "Create a service account",
            "Makes an owner of keys that is no person, and its first key, which is shown this once.",
            Examples.AccountRequest, Examples.NewAccount);
        table.Get($"{Accounts}/{{account}}", "retrieveProjectServiceAccount", "Show a service account", "Shows its name and role.",
            Examples.Account);
        table.Post($"{Accounts}/{{account}}", "updateProjectServiceAccount", "Rename a service account", "Keeps its keys.",
            Examples.AccountChange, Examples.Account);
        table.Delete($"{Accounts}/{{account}}", "deleteProjectServiceAccount", "Delete a service account",
            "Its keys are refused from the next request on.",
            new AdminDeleted("organization.project.service_account.deleted", true) { Id = Examples.Account.Id });
        table.Post($"{Accounts}/{{account}}/api_keys", "createProjectServiceAccountKey", "Create a key of a service account",
            "The key is shown this once.", Examples.ServiceKeyRequest, Examples.ServiceKey);
        table.List(Keys, "listProjectApiKeys", "List keys of a project", "Lists those that are not revoked.", Examples.ProjectKey,
            Examples.ProjectKey.Id,
            new OperationParameter("owner_project_access", "Default any.", ["active", "inactive", "any"]));
        table.Get($"{Keys}/{{key}}", "retrieveProjectApiKey", "Show a key", "Never shows its secret.", Examples.ProjectKey);
        table.Post($"{Keys}/{{key}}", "updateProjectApiKey", "Change a key", "Changes expiry and scopes, from the next request on.",
            Examples.KeyChange, Examples.ProjectKey);
        table.Delete($"{Keys}/{{key}}", "deleteProjectApiKey", "Revoke a key", "The key is refused from the next request on.",
            new AdminDeleted("organization.project.api_key.deleted", true) { Id = Examples.ProjectKey.Id });
    }

    private static void MapProjectRules(OperationTable table)
    {
        table.List($"{OneProject}/rate_limits", "listProjectRateLimits", "List rate limits of a project",
            "A project has one object, which counts the requests of all models.", Examples.RateLimit, Examples.RateLimit.Id);
        table.Post($"{OneProject}/rate_limits/{{limit}}", "updateProjectRateLimit", "Change the rate limits of a project",
            "In force from the next request on. The organization's limits hold too.", Examples.RateLimitChange, Examples.RateLimit);
        table.Get($"{OneProject}/model_permissions", "retrieveProjectModelPermissions", "Show the models of a project",
            "An empty deny_list where every model is allowed.", Examples.Models);
        table.Post($"{OneProject}/model_permissions", "updateProjectModelPermissions", "Limit the models of a project",
            "Replaces the list, from the next request on.", Examples.ModelsRequest, Examples.Models);
        table.Delete($"{OneProject}/model_permissions", "deleteProjectModelPermissions", "Allow a project every model",
            "From the next request on.", new AdminDeleted("project.model_permissions.deleted", true));
        MapMoney(table, OneProject, "Project", "project");
        table.Get($"{OneProject}/data_retention", "retrieveProjectDataRetention", "Show what a project keeps",
            "Whether responses are kept.", new AdminDataRetention("project.data_retention", "organization_default"));
        table.Post($"{OneProject}/data_retention", "updateProjectDataRetention", "Change what a project keeps",
            "What was kept stays.", new AdminDataRetentionRequest("zero_data_retention"),
            new AdminDataRetention("project.data_retention", "zero_data_retention"));
    }

    private static void MapMoney(OperationTable table, string path, string name, string what)
    {
        table.Get($"{path}/spend_limit", $"retrieve{name}SpendLimit", $"Show the spend limit of the {what}", "404 where there is none.",
            Examples.SpendLimit with { Object = $"{what}.spend_limit" });
        table.Post($"{path}/spend_limit", $"update{name}SpendLimit", $"Set the spend limit of the {what}",
            "No request is admitted that could pass it.", Examples.SpendLimitRequest,
            Examples.SpendLimit with { Object = $"{what}.spend_limit" });
        table.Delete($"{path}/spend_limit", $"delete{name}SpendLimit", $"Remove the spend limit of the {what}",
            "From the next request on.", new AdminDeleted($"{what}.spend_limit.deleted", true));
        table.List($"{path}/spend_alerts", $"list{name}SpendAlerts", $"List spend alerts of the {what}",
            "Mails that go out when an amount is reached.", Examples.Alert with { Object = $"{what}.spend_alert" }, Examples.Alert.Id);
        table.Post($"{path}/spend_alerts", $"create{name}SpendAlert", $"Create a spend alert of the {what}",
            "One mail a UTC month, when the spend reaches the amount.", Examples.AlertRequest,
            Examples.Alert with { Object = $"{what}.spend_alert" });
        table.Get($"{path}/spend_alerts/{{alert}}", $"retrieve{name}SpendAlert", $"Show a spend alert of the {what}",
            "Shows amount and recipients.", Examples.Alert with { Object = $"{what}.spend_alert" });
        table.Post($"{path}/spend_alerts/{{alert}}", $"update{name}SpendAlert", $"Replace a spend alert of the {what}",
            "A new amount that is not reached yet sends another mail in the same month.", Examples.AlertRequest,
            Examples.Alert with { Object = $"{what}.spend_alert" });
        table.Delete($"{path}/spend_alerts/{{alert}}", $"delete{name}SpendAlert", $"Delete a spend alert of the {what}",
            "No mail goes out any more.", new AdminDeleted($"{what}.spend_alert.deleted", true) { Id = Examples.Alert.Id });
    }

    private static void MapMembers(OperationTable table)
    {
        table.List("/users", "listUsers", "List members", "Lists the members of the organization.", Examples.User, Examples.UserId,
            new OperationParameter("emails", "Only these addresses.", IsList: true));
        table.Get("/users/{user}", "retrieveUser", "Show a member", "Shows address and role.", Examples.User);
        table.Post("/users/{user}", "updateUser", "Change a member's role", "The last owner keeps the role.", Examples.UserChange,
            Examples.User with { Role = "owner" });
        table.Delete("/users/{user}", "deleteUser", "Remove a member",
            "Personal keys of the member are refused from the next request on. The last owner cannot be removed.",
            new AdminDeleted("organization.user.deleted", true) { Id = Examples.UserId });
        table.ListByCursor("/users/{user}/roles", "listUserRoles", "List the roles of a member", "A member has one.",
            Examples.Assignment);
        table.Post("/users/{user}/roles", "createUserRole", "Give a member a role", "Replaces the one that the member has.",
            new AdminUserRoleRequest("role_developer"), new AdminUserRole("user.role", Examples.User, Examples.Role));
        table.Get("/users/{user}/roles/{role}", "retrieveUserRole", "Show a role of a member", "404 for a role that the member lacks.",
            Examples.Assignment);
        table.Delete("/users/{user}/roles/{role}", "deleteUserRole", "Take a role from a member", "Leaves the role reader.",
            new AdminDeleted("user.role.deleted", true));
        table.List("/invites", "listInvites", "List invitations", "Accepted and expired ones too.", Examples.Invite, Examples.Invite.Id);
        table.Post("/invites", "createInvite", "Invite somebody", "Sends a mail with a link, which works for this address alone.",
            Examples.InviteRequest, Examples.Invite);
        table.Get("/invites/{invite}", "retrieveInvite", "Show an invitation", "Shows its state.", Examples.Invite);
        table.Delete("/invites/{invite}", "deleteInvite", "Withdraw an invitation", "Its link ends. An accepted one cannot be withdrawn.",
            new AdminDeleted("organization.invite.deleted", true) { Id = Examples.Invite.Id });
        table.ListByCursor("/roles", "listRoles", "List roles", "The predefined ones first.", Examples.Role);
        table.Post("/roles", "createRole", "Create a role", "A set of permissions for members.", Examples.RoleRequest,
            Examples.CustomRole);
        table.Get("/roles/{role}", "retrieveRole", "Show a role", "Shows its permissions.", Examples.Role);
        table.Post("/roles/{role}", "updateRole", "Change a role", "In force on the next request of those who have it.",
            Examples.RoleChange, Examples.CustomRole);
        table.Delete("/roles/{role}", "deleteRole", "Delete a role", "Only one that nobody has.",
            new AdminDeleted("role.deleted", true) { Id = Examples.CustomRole.Id });
    }

    private static void MapOrganization(OperationTable table)
    {
        table.List("/admin_api_keys", "listAdminApiKeys", "List admin keys", "Lists those that are not revoked.", Examples.AdminKey,
            Examples.AdminKey.Id);
        table.Post("/admin_api_keys", "createAdminApiKey", "Create an admin key", "The key is shown this once.",
            new AdminKeyRequest("terraform"), Examples.NewAdminKey);
        table.Get("/admin_api_keys/{key}", "retrieveAdminApiKey", "Show an admin key", "Never shows its secret.", Examples.AdminKey);
        table.Delete("/admin_api_keys/{key}", "deleteAdminApiKey", "Revoke an admin key", "The next request with it is refused.",
            new AdminDeleted("organization.admin_api_key.deleted", true) { Id = Examples.AdminKey.Id });
        table.List("/audit_logs", "listAuditLogs", "List the audit log", "Who changed what, and who signed in.", Examples.Audit,
            Examples.Audit.Id,
            new OperationParameter("effective_at[gt]", "Only events later than this, Unix seconds.") { Least = 0, Most = 253_402_300_799 },
            new OperationParameter("effective_at[gte]", "The same, with that second.") { Least = 0, Most = 253_402_300_799 },
            new OperationParameter("effective_at[lt]", "Only events earlier than this.") { Least = 0, Most = 253_402_300_799 },
            new OperationParameter("effective_at[lte]", "The same, with that second.") { Least = 0, Most = 253_402_300_799 },
            new OperationParameter("event_types", "Only these types.", IsList: true),
            new OperationParameter("actor_ids", "Only what these users did.", IsList: true),
            new OperationParameter("actor_emails", "The same, by address.", IsList: true),
            new OperationParameter("resource_ids", "Only what was done to these objects.", IsList: true),
            new OperationParameter("project_ids", "Only what was done to these projects.", IsList: true));
        MapMoney(table, "", "Organization", "organization");
        table.Get("/data_retention", "retrieveDataRetention", "Show what the organization keeps",
            "The default of its projects.", new AdminDataRetention("organization.data_retention", "modified_abuse_monitoring"));
        table.Post("/data_retention", "updateDataRetention", "Change what the organization keeps",
            "The default of its projects. What was kept stays.", new AdminDataRetentionRequest("zero_data_retention"),
            new AdminDataRetention("organization.data_retention", "zero_data_retention"));
    }

    private static void MapUsage(OperationTable table)
    {
        const string Rule = "Buckets of UTC time. Requests count in the bucket in which they were admitted.";
        OperationParameter Groups(params string[] names) => new("group_by", "What the results are parted by.", names, IsList: true);
        string[] common = ["project_id", "user_id", "api_key_id", "model"];
        table.Report("/usage/completions", "completionsUsage", "Usage of chats and completions", $"Messages and responses too. {Rule}",
            Examples.Completions,
            [.. OfUsage, Groups([.. common, "batch", "service_tier", "api_source"]),
                new OperationParameter("batch", "Only batches, or only others.", ["true", "false"])]);
        table.Report("/usage/embeddings", "embeddingsUsage", "Usage of embeddings", $"Rerank too. {Rule}",
            Examples.InputOf("embeddings"), [.. OfUsage, Groups(common)]);
        table.Report("/usage/moderations", "moderationsUsage", "Usage of moderations", Rule, Examples.InputOf("moderations"),
            [.. OfUsage, Groups(common)]);
        table.Report("/usage/images", "imagesUsage", "Usage of image generation", Rule, Examples.Images,
            [.. OfUsage, Groups([.. common, "source"]),
                new OperationParameter("sources", "Only these.", ["image.generation"], IsList: true)]);
        table.Report("/usage/audio_transcriptions", "audioTranscriptionsUsage", "Usage of transcriptions", $"Translations too. {Rule}",
            Examples.Transcriptions, [.. OfUsage, Groups(common)]);
        table.Report("/costs", "costs", "Costs", $"Of all endpoints, exact. {Rule}", Examples.Costs,
            [
                .. OfEveryReport,
                new OperationParameter("bucket_width", "Days.", ["1d"]),
                new OperationParameter("limit", "Most buckets. Default 7.") { Least = 1, Most = 180 },
                Groups("project_id", "user_id", "line_item", "api_key_id", "api_source"),
                new OperationParameter("line_items", "Only these.", IsList: true),
            ]);
    }
}
