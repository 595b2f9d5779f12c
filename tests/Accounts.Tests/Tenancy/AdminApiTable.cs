using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Tests.Tenancy;

/// <summary>What one route of the admin API answers to another organization's admin key.</summary>
/// <param name="Route">Method and path below <see cref="AdminRoutes.Prefix"/>. Names in braces are ids of the first organization.</param>
/// <param name="Foreign">Status of the answer.</param>
/// <param name="Body">A body that the route takes, with names in braces as in the path; null for none.</param>
/// <param name="Mixed">Status where project and member in the path are the key's own and the other ids are not; null where there are no
/// others.</param>
internal sealed record AdminApiRow(string Route, int Foreign, string? Body = null, int? Mixed = null);

/// <summary>
/// Every route of the admin API. 404 where an id of the path or of the body is another organization's, and 200 for lists of the own one. To
/// delete what is not there is answered as done for members and alerts, which tells nothing.
/// </summary>
internal static class AdminApiTable
{
    private const string Limit = """{"threshold_amount":100,"currency":"USD","interval":"month"}""";
    private const string Alert =
        """
        {"threshold_amount":100,"currency":"USD","interval":"month",
         "notification_channel":{"type":"email","recipients":["eve@elsewhere.example"]}}
        """;

    private const string Usage = "?start_time=1790000000&project_ids={project}&user_ids={user}&api_key_ids={key}";

    public static IReadOnlyList<AdminApiRow> Rows { get; } =
    [
        new("GET /projects", 200),
        new("POST /projects", 200, """{"name":"Another"}"""),
        new("GET /projects/{project}", 404),
        new("POST /projects/{project}", 404, """{"name":"Stolen"}"""),
        new("POST /projects/{project}/archive", 404),
        new("GET /projects/{project}/users", 404),
        new("POST /projects/{project}/users", 404, """{"role":"member","user_id":"{user}"}""", Mixed: 404),
        new("GET /projects/{project}/users/{user}", 404, Mixed: 404),
        new("POST /projects/{project}/users/{user}", 404, """{"role":"member"}""", Mixed: 404),
        new("DELETE /projects/{project}/users/{user}", 404, Mixed: 200),
        new("GET /projects/{project}/service_accounts", 404),
        new("POST /projects/{project}/service_accounts", 404, """{"name":"stolen"}"""),
        new("GET /projects/{project}/service_accounts/{account}", 404, Mixed: 404),
        new("POST /projects/{project}/service_accounts/{account}", 404, """{"name":"stolen"}""", Mixed: 404),
        new("DELETE /projects/{project}/service_accounts/{account}", 404, Mixed: 404),
        new("POST /projects/{project}/service_accounts/{account}/api_keys", 404, "{}", Mixed: 404),
        new("GET /projects/{project}/api_keys", 404),
        new("GET /projects/{project}/api_keys/{key}", 404, Mixed: 404),
        new("POST /projects/{project}/api_keys/{key}", 404, """{"scopes":["models"]}""", Mixed: 404),
        new("DELETE /projects/{project}/api_keys/{key}", 404, Mixed: 404),
        new("GET /projects/{project}/rate_limits", 404),
        new("POST /projects/{project}/rate_limits/{limit}", 404, """{"max_requests_per_1_minute":1}""", Mixed: 404),
        new("GET /projects/{project}/model_permissions", 404),
        new("POST /projects/{project}/model_permissions", 404, """{"mode":"deny_list","model_ids":["m"]}"""),
        new("DELETE /projects/{project}/model_permissions", 404),
        new("GET /projects/{project}/spend_limit", 404),
        new("POST /projects/{project}/spend_limit", 404, Limit),
        new("DELETE /projects/{project}/spend_limit", 404),
        new("GET /projects/{project}/spend_alerts", 404),
        new("POST /projects/{project}/spend_alerts", 404, Alert),
        new("GET /projects/{project}/spend_alerts/{projectAlert}", 404, Mixed: 404),
        new("POST /projects/{project}/spend_alerts/{projectAlert}", 404, Alert, Mixed: 404),
        new("DELETE /projects/{project}/spend_alerts/{projectAlert}", 404, Mixed: 200),
        new("GET /projects/{project}/data_retention", 404),
        new("POST /projects/{project}/data_retention", 404, """{"retention_type":"none"}"""),
        new("GET /users", 200),
        new("GET /users/{user}", 404),
        new("POST /users/{user}", 404, """{"role":"owner"}"""),
        new("DELETE /users/{user}", 200),
        new("GET /users/{user}/roles", 404),
        new("POST /users/{user}/roles", 404, """{"role_id":"{role}"}""", Mixed: 400),
        new("GET /users/{user}/roles/{role}", 404, Mixed: 404),
        new("DELETE /users/{user}/roles/{role}", 404, Mixed: 200),
        new("GET /invites", 200),
        new("POST /invites", 404, """{"email":"x@example.com","role":"reader","projects":[{"id":"{project}","role":"member"}]}"""),
        new("GET /invites/{invite}", 404),
        new("DELETE /invites/{invite}", 404),
        new("GET /roles", 200),
        new("POST /roles", 200, """{"role_name":"another","permissions":["usage.read"]}"""),
        new("GET /roles/{role}", 404),
        new("POST /roles/{role}", 404, """{"role_name":"stolen"}"""),
        new("DELETE /roles/{role}", 404),
        new("GET /admin_api_keys", 200),
        new("POST /admin_api_keys", 200, """{"name":"another"}"""),
        new("GET /admin_api_keys/{adminKey}", 404),
        new("DELETE /admin_api_keys/{adminKey}", 404),
        new("GET /audit_logs", 200),
        new("POST /spend_limit", 200, Limit),
        new("GET /spend_limit", 200),
        new("DELETE /spend_limit", 200),
        new("GET /spend_alerts", 200),
        new("POST /spend_alerts", 200, Alert),
        new("GET /spend_alerts/{alert}", 404),
        new("POST /spend_alerts/{alert}", 404, Alert),
        new("DELETE /spend_alerts/{alert}", 200),
        new("GET /data_retention", 200),
        new("POST /data_retention", 200, """{"retention_type":"zero_data_retention"}"""),
        new("GET /usage/completions" + Usage, 200),
        new("GET /usage/embeddings" + Usage, 200),
        new("GET /usage/moderations" + Usage, 200),
        new("GET /usage/images" + Usage, 200),
        new("GET /usage/audio_transcriptions" + Usage, 200),
        new("GET /costs" + Usage, 200),
    ];
}
