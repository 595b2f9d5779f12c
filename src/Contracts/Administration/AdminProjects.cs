using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Administration;

/// <summary>A project.</summary>
public sealed record AdminProject(
    [property: JsonPropertyName("id"), Description("proj_ and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.project.")] string Object,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("created_at"), Description("Unix seconds, as all times.")] long CreatedAt,
    [property: JsonPropertyName("archived_at")] long? ArchivedAt,
    [property: JsonPropertyName("status"), Description("active or archived.")] string Status);

/// <summary>Body of <c>POST /v1/organization/projects</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminProjectRequest(
    [property: JsonPropertyName("name"), Description("1 to 100 characters, of no other project that is not archived.")] string Name)
{
    [JsonPropertyName("residency"), Description("GLOBAL or null: data lie where this installation is.")]
    public string? Residency { get; init; }

    [JsonPropertyName("geography"), Description("Only null is accepted.")]
    public string? Geography { get; init; }

    [JsonPropertyName("external_key_id"), Description("Only null is accepted.")]
    public string? ExternalKeyId { get; init; }
}

/// <summary>Body of <c>POST /v1/organization/projects/{project}</c>. A missing member changes nothing.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminProjectChange
{
    [JsonPropertyName("name"), Description("1 to 100 characters.")]
    public string? Name { get; init; }

    [JsonPropertyName("geography"), Description("Only null is accepted.")]
    public string? Geography { get; init; }

    [JsonPropertyName("external_key_id"), Description("Only null is accepted.")]
    public string? ExternalKeyId { get; init; }
}

/// <summary>A member of a project. Owners and administrators of the organization are members of every project.</summary>
public sealed record AdminProjectUser(
    [property: JsonPropertyName("id"), Description("user- and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.project.user.")] string Object,
    [property: JsonPropertyName("role"), Description("owner for owners and administrators of the organization, member for others.")]
    string Role,
    [property: JsonPropertyName("added_at")] long AddedAt,
    [property: JsonPropertyName("email")] string? Email,
    [property: JsonPropertyName("name")] string? Name);

/// <summary>Body of <c>POST /v1/organization/projects/{project}/users</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminProjectUserRequest(
    [property: JsonPropertyName("role"), Description("member, or owner for owners and administrators of the organization.")] string Role)
{
    [JsonPropertyName("user_id"), Description("A member of the organization. Either user_id or email is needed.")]
    public string? UserId { get; init; }

    [JsonPropertyName("email"), Description("Address of a member of the organization.")]
    public string? Email { get; init; }
}

/// <summary>Body of <c>POST /v1/organization/projects/{project}/users/{user}</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminProjectUserChange
{
    [JsonPropertyName("role"), Description("Must be the role that the user has: it follows from the role in the organization.")]
    public string? Role { get; init; }
}

/// <summary>A service account: an owner of keys that is no person.</summary>
public sealed record AdminServiceAccount(
    [property: JsonPropertyName("id"), Description("svc_acct_ and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.project.service_account.")] string Object,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("role"), Description("member, or none for an account that may call no model.")] string Role,
    [property: JsonPropertyName("created_at")] long CreatedAt);

/// <summary>A new service account, with its first key.</summary>
public sealed record AdminNewServiceAccount(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.project.service_account.")] string Object,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("role"), Description("member, or none for an account that may call no model.")] string Role,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("api_key"), Description("Null where only the account was asked for.")] AdminServiceKey? ApiKey);

/// <summary>A new key of a service account.</summary>
public sealed record AdminServiceKey(
    [property: JsonPropertyName("id"), Description("key_ and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.project.service_account.api_key.")] string Object,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("value"), Description("The key. It is shown this once.")] string Value,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("expires_at")] long? ExpiresAt);

/// <summary>Body of <c>POST /v1/organization/projects/{project}/service_accounts</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminServiceAccountRequest(
    [property: JsonPropertyName("name"), Description("1 to 100 characters.")] string Name)
{
    [JsonPropertyName("create_service_account_only"), Description("Whether to make no key. Default false.")]
    public bool? CreateServiceAccountOnly { get; init; }

    [JsonPropertyName("expires_in_seconds"), Description("When the key expires, 1 to 315,360,000 from now. Default never.")]
    public long? ExpiresInSeconds { get; init; }
}

/// <summary>Body of <c>POST /v1/organization/projects/{project}/service_accounts/{account}</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminServiceAccountChange
{
    [JsonPropertyName("name"), Description("1 to 100 characters.")]
    public string? Name { get; init; }

    [JsonPropertyName("role"), Description("Must be the role that the account has.")]
    public string? Role { get; init; }
}

/// <summary>Body of <c>POST /v1/organization/projects/{project}/service_accounts/{account}/api_keys</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminServiceKeyRequest
{
    [JsonPropertyName("name"), Description("1 to 100 characters. Default the account's.")]
    public string? Name { get; init; }

    [JsonPropertyName("expires_in_seconds"), Description("1 to 315,360,000. Default never.")]
    public long? ExpiresInSeconds { get; init; }

    [JsonPropertyName("scopes"), Description("Endpoints that the key may call, such as chat.completions. Default all.")]
    public IReadOnlyList<string>? Scopes { get; init; }
}

/// <summary>A key of a project. The list has those that are not revoked.</summary>
public sealed record AdminProjectKey(
    [property: JsonPropertyName("id"), Description("key_ and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always organization.project.api_key.")] string Object,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("redacted_value")] string RedactedValue,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("last_used_at")] long? LastUsedAt,
    [property: JsonPropertyName("expires_at")] long? ExpiresAt,
    [property: JsonPropertyName("owner")] AdminKeyOwner Owner,
    [property: JsonPropertyName("owner_project_access"), Description("active, or inactive for an owner who may not use the project.")]
    string OwnerProjectAccess);

/// <summary>Whose a key is.</summary>
public sealed record AdminKeyOwner
{
    [JsonPropertyName("type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull),
        Description("user or service_account; missing for a key that the operator's command line made.")]
    public string? Type { get; init; }

    [JsonPropertyName("user"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AdminKeyUser? User { get; init; }

    [JsonPropertyName("service_account"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AdminKeyAccount? ServiceAccount { get; init; }
}

/// <summary>The person who owns a key.</summary>
public sealed record AdminKeyUser(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("email")] string Email,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("role"), Description("In the project: owner or member.")] string Role);

/// <summary>The service account that owns a key.</summary>
public sealed record AdminKeyAccount(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("role"), Description("In the project: member.")] string Role);

/// <summary>Body of <c>POST /v1/organization/projects/{project}/api_keys/{key}</c>. A missing member changes nothing.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminProjectKeyChange
{
    [JsonPropertyName("expires_in_seconds"), Description("1 to 315,360,000, from this request on. An expired key cannot be changed.")]
    public long? ExpiresInSeconds { get; init; }

    [JsonPropertyName("scopes"), Description("Endpoints that the key may call, such as chat.completions; an empty list for all.")]
    public IReadOnlyList<string>? Scopes { get; init; }
}

/// <summary>The rate limits of a project. They count the requests of all models together, so a project has one object.</summary>
public sealed record AdminRateLimit(
    [property: JsonPropertyName("id"), Description("rl- and the project's 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("Always project.rate_limit.")] string Object,
    [property: JsonPropertyName("model"), Description("Always *: all models.")] string Model,
    [property: JsonPropertyName("max_requests_per_1_minute"),
        Description("The project's own limit, or the organization's where that is lower; 1,000,000,000 where there is none.")]
    long MaxRequestsPer1Minute,
    [property: JsonPropertyName("max_tokens_per_1_minute"), Description("The same.")] long MaxTokensPer1Minute)
{
    [JsonPropertyName("max_requests_per_1_day"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull),
        Description("The same; missing where there is none.")]
    public long? MaxRequestsPer1Day { get; init; }
}

/// <summary>Body of <c>POST /v1/organization/projects/{project}/rate_limits/{limit}</c>. A missing member changes nothing.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminRateLimitChange
{
    [JsonPropertyName("max_requests_per_1_minute"), Description("1 to 1,000,000,000.")]
    public long? MaxRequestsPer1Minute { get; init; }

    [JsonPropertyName("max_tokens_per_1_minute"), Description("1 to 1,000,000,000.")]
    public long? MaxTokensPer1Minute { get; init; }

    [JsonPropertyName("max_requests_per_1_day"), Description("1 to 100,000,000.")]
    public long? MaxRequestsPer1Day { get; init; }

    [JsonPropertyName("max_images_per_1_minute"), Description("Only null is accepted.")]
    public long? MaxImagesPer1Minute { get; init; }

    [JsonPropertyName("max_audio_megabytes_per_1_minute"), Description("Only null is accepted.")]
    public long? MaxAudioMegabytesPer1Minute { get; init; }

    [JsonPropertyName("batch_1_day_max_input_tokens"), Description("Only null is accepted.")]
    public long? Batch1DayMaxInputTokens { get; init; }
}

/// <summary>The models that a project may use. The body of a change has the same mode and model_ids.</summary>
public sealed record AdminModelPermissions(
    [property: JsonPropertyName("object"), Description("Always project.model_permissions.")] string Object,
    [property: JsonPropertyName("mode"), Description("allow_list, or deny_list for all but these.")] string Mode,
    [property: JsonPropertyName("model_ids")] IReadOnlyList<string> ModelIds);

/// <summary>Body of <c>POST /v1/organization/projects/{project}/model_permissions</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminModelPermissionsRequest(
    [property: JsonPropertyName("mode"), Description("allow_list or deny_list.")] string Mode,
    [property: JsonPropertyName("model_ids"), Description("Names or aliases, at most 500.")] IReadOnlyList<string> ModelIds);
