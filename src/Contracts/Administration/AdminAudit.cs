using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Administration;

/// <summary>An entry of the audit log. Beside these members it has one named as its type, with what the event says.</summary>
public sealed record AdminAuditEntry(
    [property: JsonPropertyName("id"), Description("audit_log- and a number.")] string Id,
    [property: JsonPropertyName("type"),
        Description("OpenAI's name of the event where there is one, such as project.created; otherwise this service's, such as price.set.")]
    string Type,
    [property: JsonPropertyName("effective_at")] long EffectiveAt,
    [property: JsonPropertyName("actor"), Description("Null for the service itself.")] AdminActor? Actor)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Details { get; init; }
}

/// <summary>Who did it.</summary>
public sealed record AdminActor([property: JsonPropertyName("type"), Description("session or api_key.")] string Type)
{
    [JsonPropertyName("session"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AdminActorSession? Session { get; init; }

    [JsonPropertyName("api_key"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AdminActorKey? ApiKey { get; init; }
}

/// <summary>A person in the portal.</summary>
public sealed record AdminActorSession(
    [property: JsonPropertyName("user")] AdminActorUser User,
    [property: JsonPropertyName("ip_address")] string? IpAddress);

/// <summary>An admin key.</summary>
public sealed record AdminActorKey(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("type"), Description("Always user.")] string Type,
    [property: JsonPropertyName("user"), Description("The owner who made the key.")] AdminActorUser? User);

/// <summary>A person.</summary>
public sealed record AdminActorUser(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("email"), Description("Missing for an account that is deleted.")] string? Email);
