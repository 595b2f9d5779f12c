using System.Text.Json;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>The JSON of an answer with labels.</summary>
internal static class ImageClassificationFormat
{
    /// <param name="most">Labels of each picture.</param>
    public static void WriteList(Utf8JsonWriter json, PictureLogits result, int most)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var index = 0; index < result.Logits.Count; index++)
        {
            json.WriteStartObject();
            json.WriteString("object", "image.classification");
            json.WriteNumber("index", index);
            json.WriteStartArray("labels");
            foreach (var label in result.Model.Rank(result.Logits[index], most))
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
        json.WriteString("model", result.Model.Installed.Manifest.Name);
        json.WriteStartObject("usage");
        json.WriteNumber("images", result.Units.Images);
        json.WriteNumber("pixels", result.Units.Pixels);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
