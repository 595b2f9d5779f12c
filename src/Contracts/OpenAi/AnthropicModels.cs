using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Anthropic's form of models.</summary>
public static class AnthropicModels
{
    /// <summary>All models as one page, which has no further one.</summary>
    public static byte[] ToJson(IReadOnlyList<ModelObject> models) => Utf8Json.Write(models, static (models, writer) =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("data");
        foreach (var model in models)
        {
            Write(model, writer);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("has_more", false);
        writer.WriteString("first_id", models.Count > 0 ? models[0].Id : null);
        writer.WriteString("last_id", models.Count > 0 ? models[^1].Id : null);
        writer.WriteEndObject();
    });

    public static byte[] ToJson(ModelObject model) => Utf8Json.Write(model, Write);

    private static void Write(ModelObject model, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "model");
        writer.WriteString("id", model.Id);
        writer.WriteString("display_name", model.Id);
        writer.WriteString("created_at", model.Created.UtcDateTime);
        writer.WriteString("lifecycle", "active");
        foreach (var unknown in
            (ReadOnlySpan<string>)["capabilities", "deprecated_at", "line", "max_input_tokens", "max_tokens", "retires_at"])
        {
            writer.WriteNull(unknown);
        }

        writer.WriteEndObject();
    }
}
