using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Departures;

/// <summary>
/// Which rows go when a person or an organization is deleted, and which stay without names. Rows that money, usage or the audit refer to
/// stay. A test compares the lists with the schema: a new table that refers to users or organizations must be in one of them.
/// </summary>
internal static class OwnedRows
{
    /// <summary>Tables of a person, deleted in this order.</summary>
    public static readonly string[] OfPerson =
    [
        "project_members", "memberships", "sessions", "user_claims", "user_logins", "user_tokens", "authenticator_apps", "recovery_codes",
        "user_passkeys", "email_changes", "linked_identities",
    ];

    /// <summary>Tables of an organization, deleted in this order.</summary>
    public static readonly string[] OfOrganization =
    [
        "project_members", "memberships", "invitations", "custom_roles", "captured_domains", "identity_providers", "spend_alerts",
    ];

    /// <summary>Tables of an organization whose rows stay without names.</summary>
    public static readonly string[] KeptOfOrganization =
        ["projects", "service_accounts", "api_keys", "organization_policies", "admin_keys"];

    private static readonly string[] Blanks =
    [
        "update accounts.organizations set name = 'Deleted organization' where id = {0}",
        "update accounts.organization_policies set suspended_reason = null where organization_id = {0}",
        "update accounts.projects set name = 'Deleted project' where organization_id = {0}",
        "update accounts.service_accounts set name = 'Deleted service account' where organization_id = {0}",
        "update accounts.api_keys set name = 'Deleted key', networks = null where organization_id = {0}",
        "update accounts.admin_keys set name = 'Deleted key', revoked_at = coalesce(revoked_at, now()) where organization_id = {0}",
        "delete from accounts.admin_requests r using accounts.admin_keys k where k.id = r.admin_key_id and k.organization_id = {0}",
    ];

    private const string Anonymise =
        """
        update accounts.users set
          user_name = 'deleted-' || id, normalized_user_name = upper('deleted-' || id), email = null, normalized_email = null,
          email_confirmed = false, password_hash = null, security_stamp = gen_random_uuid()::text,
          concurrency_stamp = gen_random_uuid()::text, phone_number = null, phone_number_confirmed = false, two_factor_enabled = false,
          is_operator = false, time_zone = null
        where id = {0}
        """;

    /// <summary>Deletes a person's rows and takes name, address and password off the user, in the caller's transaction.</summary>
    public static async Task ForgetPersonAsync(this AccountsDb db, Guid userId, CancellationToken cancellationToken)
    {
        await db.RunAsync(
            [.. OfPerson.Select(table => $"delete from accounts.{table} where user_id = {{0}}"), Anonymise], userId, cancellationToken);
    }

    /// <summary>Deletes an organization's rows and takes names off what stays, in the caller's transaction.</summary>
    public static async Task ForgetOrganizationAsync(this AccountsDb db, Guid organizationId, CancellationToken cancellationToken)
    {
        await db.RunAsync(
            [.. OfOrganization.Select(table => $"delete from accounts.{table} where organization_id = {{0}}"), .. Blanks],
            organizationId, cancellationToken);
    }

    private static async Task RunAsync(this AccountsDb db, string[] statements, Guid id, CancellationToken cancellationToken)
    {
        foreach (var statement in statements)
        {
            await db.Database.ExecuteSqlRawAsync(statement, [id], cancellationToken);
        }
    }
}
