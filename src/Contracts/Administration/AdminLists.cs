using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Administration;

/// <summary>A page of a list that goes on by the id of an object.</summary>
public sealed record AdminPage<T>(
    [property: JsonPropertyName("object"), Description("Always list.")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<T> Data,
    [property: JsonPropertyName("first_id"), Description("What before takes for the page before.")] string? FirstId,
    [property: JsonPropertyName("last_id"), Description("What after takes for the next page.")] string? LastId,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>A page of a list that goes on by a cursor.</summary>
public sealed record AdminCursorPage<T>(
    [property: JsonPropertyName("object"), Description("Always list.")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<T> Data,
    [property: JsonPropertyName("has_more")] bool HasMore,
    [property: JsonPropertyName("next"), Description("What after takes for the next page; null on the last one.")] string? Next);

/// <summary>Answer to a deletion. A repeated one gets the same answer.</summary>
public sealed record AdminDeleted(
    [property: JsonPropertyName("object"), Description("The object's kind, with .deleted behind it.")] string Object,
    [property: JsonPropertyName("deleted")] bool Deleted)
{
    [JsonPropertyName("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull),
        Description("Missing where there is one object alone, such as a spend limit.")]
    public string? Id { get; init; }
}
