using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Database;

/// <summary>Maps an immutable value to a <c>jsonb</c> column in its wire format.</summary>
internal static class JsonColumn
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static PropertyBuilder<T> HasJson<T>(this PropertyBuilder<T> property)
        where T : class
    {
        return property.HasColumnType("jsonb").HasConversion(
            value => Write(value),
            text => JsonSerializer.Deserialize<T>(text, Json)!,
            new ValueComparer<T>((a, b) => Write(a) == Write(b), value => Write(value).GetHashCode(StringComparison.Ordinal)));
    }

    private static string Write<T>(T value) => JsonSerializer.Serialize(value, Json);
}
