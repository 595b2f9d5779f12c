namespace Tollgate.Contracts.OpenAi;

/// <summary>The routes of OpenAI's admin API that exist here. Accounts answers them, on the same paths of its internal listener.</summary>
public static class AdminRoutes
{
    /// <summary>Start of every path.</summary>
    public const string Prefix = "/v1/organization";

    /// <summary>The usage reports, by the last part of their path.</summary>
    public static readonly IReadOnlyList<string> Usages = ["completions", "embeddings", "moderations", "images", "audio_transcriptions"];

    private const string OneProject = "/projects/{project}";

    /// <summary>All of them, in the order of the API's document.</summary>
    public static IReadOnlyList<PublicRoute> All { get; } =
    [
        .. Of("/projects", "GET", "POST"), .. Of(OneProject, "GET", "POST"), .. Of($"{OneProject}/archive", "POST"),
        .. Of($"{OneProject}/users", "GET", "POST"), .. Of($"{OneProject}/users/{{user}}", "GET", "POST", "DELETE"),
        .. Of($"{OneProject}/service_accounts", "GET", "POST"),
        .. Of($"{OneProject}/service_accounts/{{account}}", "GET", "POST", "DELETE"),
        .. Of($"{OneProject}/service_accounts/{{account}}/api_keys", "POST"),
        .. Of($"{OneProject}/api_keys", "GET"), .. Of($"{OneProject}/api_keys/{{key}}", "GET", "POST", "DELETE"),
        .. Of($"{OneProject}/rate_limits", "GET"), .. Of($"{OneProject}/rate_limits/{{limit}}", "POST"),
        .. Of($"{OneProject}/model_permissions", "GET", "POST", "DELETE"),
        .. Money(OneProject), .. Of($"{OneProject}/data_retention", "GET", "POST"),
        .. Of("/users", "GET"), .. Of("/users/{user}", "GET", "POST", "DELETE"),
        .. Of("/users/{user}/roles", "GET", "POST"), .. Of("/users/{user}/roles/{role}", "GET", "DELETE"),
        .. Of("/invites", "GET", "POST"), .. Of("/invites/{invite}", "GET", "DELETE"),
        .. Of("/roles", "GET", "POST"), .. Of("/roles/{role}", "GET", "POST", "DELETE"),
        .. Of("/admin_api_keys", "GET", "POST"), .. Of("/admin_api_keys/{key}", "GET", "DELETE"),
        .. Of("/audit_logs", "GET"),
        .. Money(""), .. Of("/data_retention", "GET", "POST"),
        .. Usages.SelectMany(usage => Of($"/usage/{usage}", "GET")), .. Of("/costs", "GET"),
    ];

    private static IEnumerable<PublicRoute> Of(string path, params IEnumerable<string> methods) =>
        methods.Select(method => new PublicRoute(method, Prefix + path));

    private static IEnumerable<PublicRoute> Money(string of) =>
    [
        .. Of($"{of}/spend_limit", "GET", "POST", "DELETE"), .. Of($"{of}/spend_alerts", "GET", "POST"),
        .. Of($"{of}/spend_alerts/{{alert}}", "GET", "POST", "DELETE"),
    ];
}
