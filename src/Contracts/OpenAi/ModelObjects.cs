using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>A model in the format of <c>GET /v1/models</c>.</summary>
/// <param name="Id">An alias or the model's name.</param>
/// <param name="Created">When the model was created or installed.</param>
/// <param name="OwnedBy">Name of the operator or of the maker.</param>
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

    /// <summary>Returns the body of <c>GET /v1/models/{model}</c> as UTF-8.</summary>
    public byte[] ToJson() => Utf8Json.Write(this, static (model, writer) => model.WriteTo(writer));

    /// <summary>Returns the body of <c>GET /v1/models</c> as UTF-8.</summary>
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
