using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Administration;

/// <summary>A member of the organization.</summary>
public sealed record AdminUser(
    [property: JsonPropertyName("id"), Description("user- and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.user.")] string Object,
    [property: JsonPropertyName("email")] string Email,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("role"), Description("owner, or reader for every other role; see /users/{user}/roles for that.")]
    string Role,
    [property: JsonPropertyName("added_at")] long AddedAt,
    [property: JsonPropertyName("created"), Description("When the account was made.")] long Created,
    [property: JsonPropertyName("api_key_last_used_at"), Description("The last use of a key of this user.")] long? ApiKeyLastUsedAt,
    [property: JsonPropertyName("is_service_account"), Description("Always false.")] bool IsServiceAccount);

/// <summary>Body of <c>POST /v1/organization/users/{user}</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminUserChange
{
    [JsonPropertyName("role"),
        Description("owner, or reader, which gives an owner the role reader and changes no other member. Either role or role_id.")]
    public string? Role { get; init; }

    [JsonPropertyName("role_id"), Description("A role of /v1/organization/roles.")]
    public string? RoleId { get; init; }

    [JsonPropertyName("developer_persona"), Description("Only null is accepted.")]
    public string? DeveloperPersona { get; init; }

    [JsonPropertyName("technical_level"), Description("Only null is accepted.")]
    public string? TechnicalLevel { get; init; }
}

/// <summary>An invitation.</summary>
public sealed record AdminInvite(
    [property: JsonPropertyName("id"), Description("invite- and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.invite.")] string Object,
    [property: JsonPropertyName("email")] string Email,
    [property: JsonPropertyName("role"), Description("owner, or reader for every other role.")] string Role,
    [property: JsonPropertyName("status"), Description("pending, accepted or expired.")] string Status,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("expires_at")] long? ExpiresAt,
    [property: JsonPropertyName("accepted_at")] long? AcceptedAt,
    [property: JsonPropertyName("projects"), Description("Projects that the person becomes a member of.")]
    IReadOnlyList<AdminInviteProject> Projects);

/// <summary>A project of an invitation.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminInviteProject(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("role"), Description("member; owner only beside the role owner.")] string Role);

/// <summary>Body of <c>POST /v1/organization/invites</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminInviteRequest(
    [property: JsonPropertyName("email")] string Email,
    [property: JsonPropertyName("role"),
        Description("owner or reader. A reader with projects becomes a developer, who may use them; without, only reads.")]
    string Role)
{
    [JsonPropertyName("projects"), Description("Projects to become a member of.")]
    public IReadOnlyList<AdminInviteProject>? Projects { get; init; }
}

/// <summary>A role: a set of permissions.</summary>
public sealed record AdminRole(
    [property: JsonPropertyName("id"), Description("role_owner and the like; role_ and 32 hex digits of a role of your own.")] string Id,
    [property: JsonPropertyName("object"), Description("Always role.")] string Object,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("description")] string? Description,
    [property: JsonPropertyName("permissions"), Description("Such as members.manage.")] IReadOnlyList<string> Permissions,
    [property: JsonPropertyName("predefined_role")] bool PredefinedRole,
    [property: JsonPropertyName("resource_type"), Description("Always api.organization.")] string ResourceType);

/// <summary>Body of <c>POST /v1/organization/roles</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminRoleRequest(
    [property: JsonPropertyName("role_name"), Description("1 to 50 characters, of no other role.")] string RoleName,
    [property: JsonPropertyName("permissions"),
        Description("Permissions as the predefined roles show them; organization.read is always one.")]
    IReadOnlyList<string> Permissions)
{
    [JsonPropertyName("description"), Description("Only null is accepted.")]
    public string? Description { get; init; }
}

/// <summary>Body of <c>POST /v1/organization/roles/{role}</c>. A missing member changes nothing.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminRoleChange
{
    [JsonPropertyName("role_name"), Description("1 to 50 characters, of no other role.")]
    public string? RoleName { get; init; }

    [JsonPropertyName("permissions"), Description("All permissions of the role.")]
    public IReadOnlyList<string>? Permissions { get; init; }

    [JsonPropertyName("description"), Description("Only null is accepted.")]
    public string? Description { get; init; }
}

/// <summary>The role of a member, as its assignment.</summary>
public sealed record AdminUserRole(
    [property: JsonPropertyName("object"), Description("Always user.role.")] string Object,
    [property: JsonPropertyName("user")] AdminUser User,
    [property: JsonPropertyName("role")] AdminRole Role);

/// <summary>Body of <c>POST /v1/organization/users/{user}/roles</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminUserRoleRequest(
    [property: JsonPropertyName("role_id"), Description("Replaces the role that the member has: a member has one.")] string RoleId);

/// <summary>A role in the list of a member's roles.</summary>
public sealed record AdminRoleAssignment(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("description")] string? Description,
    [property: JsonPropertyName("permissions")] IReadOnlyList<string> Permissions,
    [property: JsonPropertyName("predefined_role")] bool PredefinedRole,
    [property: JsonPropertyName("resource_type"), Description("Always api.organization.")] string ResourceType)
{
    [JsonPropertyName("assignment_sources"), Description("Always null: a role is given to a member directly.")]
    public IReadOnlyList<string>? AssignmentSources { get; init; }

    [JsonPropertyName("created_at"), Description("Always null.")]
    public long? CreatedAt { get; init; }

    [JsonPropertyName("created_by"), Description("Always null.")]
    public string? CreatedBy { get; init; }

    [JsonPropertyName("created_by_user_obj"), Description("Always null.")]
    public IReadOnlyDictionary<string, string>? CreatedByUser { get; init; }

    [JsonPropertyName("metadata"), Description("Always null.")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonPropertyName("updated_at"), Description("Always null.")]
    public long? UpdatedAt { get; init; }
}

/// <summary>An admin key.</summary>
public record AdminKeyObject(
    [property: JsonPropertyName("id"), Description("key_ and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.admin_api_key.")] string Object,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("redacted_value")] string RedactedValue,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("last_used_at")] long? LastUsedAt,
    [property: JsonPropertyName("expires_at")] long? ExpiresAt,
    [property: JsonPropertyName("owner")] AdminKeyMaker Owner);

/// <summary>A new admin key.</summary>
public sealed record AdminNewKey(
    string Id, string Object, string Name, string RedactedValue, long CreatedAt, long? LastUsedAt, long? ExpiresAt, AdminKeyMaker Owner,
    [property: JsonPropertyName("value"), Description("The key. It is shown this once.")] string Value)
    : AdminKeyObject(Id, Object, Name, RedactedValue, CreatedAt, LastUsedAt, ExpiresAt, Owner);

/// <summary>The owner who made an admin key, or who made the one that made it.</summary>
public sealed record AdminKeyMaker(
    [property: JsonPropertyName("type"), Description("Always user.")] string Type,
    [property: JsonPropertyName("object"), Description("Always organization.user.")] string Object,
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("role"), Description("owner, or reader for every other role.")] string Role);

/// <summary>Body of <c>POST /v1/organization/admin_api_keys</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminKeyRequest([property: JsonPropertyName("name"), Description("1 to 100 characters.")] string Name)
{
    [JsonPropertyName("expires_in_seconds"), Description("1 to 315,360,000. Default never.")]
    public long? ExpiresInSeconds { get; init; }
}
