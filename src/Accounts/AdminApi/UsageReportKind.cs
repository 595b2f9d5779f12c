using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.AdminApi;

/// <summary>A usage report: which endpoints it sums, and what its query may have.</summary>
/// <param name="Name">Last part of its path.</param>
/// <param name="MoreGroups">What it can group by beside project, user, key and model.</param>
/// <param name="MoreSingle">Parameters beside those of every report.</param>
/// <param name="MoreLists">The same for lists.</param>
internal sealed record UsageReportKind(
    string Name, IReadOnlyList<string> MoreGroups, IReadOnlyList<string> MoreSingle, IReadOnlyList<string> MoreLists)
{
    private static readonly string[] Common = ["project_id", "user_id", "api_key_id", "model"];

    public required IReadOnlyList<PublicEndpoint> Endpoints { get; init; }

    public AdminQuery Read(AdminCall call) => new(
        call.Query, ["start_time", "end_time", "page", "limit", "bucket_width", .. MoreSingle],
        ["group_by", "project_ids", "user_ids", "api_key_ids", "models", .. MoreLists]);

    public IReadOnlyList<string> GroupsOf(AdminQuery query) => GroupsOf(query, [.. Common, .. MoreGroups]);

    /// <summary>What a query groups by; empty for nothing.</summary>
    public static IReadOnlyList<string> GroupsOf(AdminQuery query, IReadOnlyList<string> known)
    {
        var groups = query.FindList("group_by") ?? [];
        return groups.FirstOrDefault(group => !known.Contains(group)) is { } unknown
            ? throw AdminQuery.Wrong("group_by", string.Join(" or ", known.Select(one => $"'{one}'")), unknown)
            : groups;
    }

    /// <summary>The columns that Billing parts its rows by.</summary>
    public static UsageGroups Columns(IReadOnlyList<string> groups)
    {
        var columns = UsageGroups.None;
        foreach (var group in groups)
        {
            columns |= group switch
            {
                "project_id" => UsageGroups.Project,
                "api_key_id" or "user_id" => UsageGroups.Key,
                "model" => UsageGroups.Model,
                "line_item" => UsageGroups.Model | UsageGroups.Endpoint,
                "batch" or "service_tier" => UsageGroups.ServiceClass,
                _ => UsageGroups.None,
            };
        }

        return columns;
    }
}
