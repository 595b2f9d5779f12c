using System.Text.Json;
using Tollgate.Contracts.Metering;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>The JSON of an answer with labels.</summary>
internal static class ImageClassificationFormat
{
    public static void WriteList(Utf8JsonWriter json, string model, IReadOnlyList<IReadOnlyList<PictureLabel>> pictures, Units units)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var index = 0; index < pictures.Count; index++)
        {
            json.WriteStartObject();
            json.WriteString("object", "image.classification");
            json.WriteNumber("index", index);
            json.WriteStartArray("labels");
            foreach (var label in pictures[index])
            {
                json.WriteStartObject();
                json.WriteNumber("index", label.Index);
                json.WriteString("label", label.Label);
                json.WriteNumber("score", label.Score);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", model);
        json.WriteStartObject("usage");
        json.WriteNumber("images", units.Images);
        json.WriteNumber("pixels", units.Pixels);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
