using System.Reflection;
using Microsoft.AspNetCore.Components;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Tests.Tenancy;

/// <summary>That a stolen session alone changes nothing of weight.</summary>
public sealed class ProofTests
{
    private static readonly Permission[] Weighty =
    [
        Permission.ManageKeys, Permission.ManageMembers, Permission.ManageProjects, Permission.ManageBilling,
        Permission.ManageOrganization, Permission.ManageSignIn,
    ];

    [Fact]
    public void Every_page_whose_forms_need_a_permission_to_manage_asks_for_a_proof_first()
    {
        var pages = typeof(AccountsApp).Assembly.GetTypes()
            .Where(type => type.GetCustomAttributes<RouteAttribute>().Any() && HasForms(type) && Permissions(type).Intersect(Weighty).Any())
            .ToList();

        Assert.True(pages.Count > 20, $"{pages.Count} pages");
        Assert.Empty(pages.Where(page => page.GetCustomAttribute<ReauthenticateAttribute>() is null).Select(page => page.Name));
    }

    private static bool HasForms(Type page) => page.GetCustomAttributes<RouteAttribute>()
        .Any(route => TenancyTable.Posts.Any(row => row.Pattern == route.Template));

    private static IEnumerable<Permission> Permissions(Type page) =>
    [
        .. page.GetCustomAttributes<NeedsAttribute>().Select(one => one.Permission),
        .. page.GetCustomAttributes<NeedsToChangeAttribute>().Select(one => one.Permission),
    ];
}
