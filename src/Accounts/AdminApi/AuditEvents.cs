namespace Tollgate.Accounts.AdminApi;

/// <summary>The audit log's actions as OpenAI names them. An action that OpenAI has no name for keeps its own.</summary>
internal static class AuditEvents
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["key.create"] = "api_key.created",
        ["key.settings"] = "api_key.updated",
        ["key.rotate"] = "api_key.updated",
        ["key.end-overlap"] = "api_key.updated",
        ["key.enable"] = "api_key.updated",
        ["key.disable"] = "api_key.updated",
        ["key.revoke"] = "api_key.deleted",
        ["admin-key.create"] = "tenant.admin_api_key.created",
        ["admin-key.revoke"] = "tenant.admin_api_key.deleted",
        ["member.invite"] = "invite.sent",
        ["member.invite.resend"] = "invite.sent",
        ["member.invite.accept"] = "invite.accepted",
        ["member.invite.revoke"] = "invite.deleted",
        ["member.join"] = "user.added",
        ["member.role"] = "user.updated",
        ["member.remove"] = "user.deleted",
        ["member.leave"] = "user.deleted",
        ["session.start"] = "login.succeeded",
        ["session.fail"] = "login.failed",
        ["session.lockout"] = "login.failed",
        ["session.end"] = "logout.succeeded",
        ["session.end-all"] = "logout.succeeded",
        ["organization.rename"] = "organization.updated",
        ["organization.limits"] = "organization.updated",
        ["organization.retention"] = "organization.updated",
        ["organization.transfer"] = "organization.updated",
        ["project.create"] = "project.created",
        ["project.rename"] = "project.updated",
        ["project.models"] = "project.updated",
        ["project.budget"] = "project.updated",
        ["project.responses.keep"] = "project.updated",
        ["project.responses.discard"] = "project.updated",
        ["project.responses.retention"] = "project.updated",
        ["project.archive"] = "project.archived",
        ["project.limits"] = "rate_limit.updated",
        ["role.create"] = "role.created",
        ["role.change"] = "role.updated",
        ["role.delete"] = "role.deleted",
        ["service-account.create"] = "service_account.created",
        ["service-account.rename"] = "service_account.updated",
        ["service-account.delete"] = "service_account.deleted",
    };

    /// <summary>Parts of a type whose details say what was asked for.</summary>
    private static readonly string[] Changes = [".updated"];

    public static string TypeOf(string action) => Types.GetValueOrDefault(action, action);

    /// <summary>The actions of a type: those with its name at OpenAI, or the action itself.</summary>
    public static IEnumerable<string> ActionsOf(string type) => Types.Where(one => one.Value == type).Select(one => one.Key).Append(type);

    /// <summary>The member with the values after the event: what was made, or what was asked to change.</summary>
    public static string DataMember(string type) =>
        Array.Exists(Changes, end => type.EndsWith(end, StringComparison.Ordinal)) ? "changes_requested" : "data";
}
