using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>A model as <c>GET /v1/models</c> shows it.</summary>
/// <param name="Id">An alias or the model's name.</param>
/// <param name="Created">When it was made or installed.</param>
/// <param name="OwnedBy">Such as the operator's or the maker's name.</param>
public sealed record ModelObject(string Id, DateTimeOffset Created, string OwnedBy)
{
    /// <summary>Writes <c>{"id","object":"model","created","owned_by"}</c>.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id", Id);
        writer.WriteString("object", "model");
        writer.WriteNumber("created", Created.ToUnixTimeSeconds());
        writer.WriteString("owned_by", OwnedBy);
        writer.WriteEndObject();
    }

    /// <summary>The object as UTF-8, the answer to <c>GET /v1/models/{model}</c>.</summary>
    public byte[] ToJson() => Utf8Json.Write(this, static (model, writer) => model.WriteTo(writer));

    /// <summary>The list as UTF-8, the answer to <c>GET /v1/models</c>.</summary>
    public static byte[] ToJson(IEnumerable<ModelObject> models) => Utf8Json.Write(models, static (models, writer) =>
    {
        writer.WriteStartObject();
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        foreach (var model in models)
        {
            model.WriteTo(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
