using System.Text.Json;
using Tollgate.Contracts.Metering;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>The JSON of an answer with objects.</summary>
internal static class DetectionFormat
{
    public static void WriteList(Utf8JsonWriter json, string model, IReadOnlyList<FoundObjects> pictures, Units units)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var index = 0; index < pictures.Count; index++)
        {
            json.WriteStartObject();
            json.WriteString("object", "image.detection");
            json.WriteNumber("index", index);
            json.WriteNumber("width", pictures[index].Width);
            json.WriteNumber("height", pictures[index].Height);
            json.WriteStartArray("detections");
            foreach (var found in pictures[index].Objects)
            {
                Write(json, found);
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

    private static void Write(Utf8JsonWriter json, FoundObject found)
    {
        json.WriteStartObject();
        json.WriteNumber("index", found.Index);
        json.WriteString("label", found.Label);
        json.WriteNumber("score", found.Score);
        json.WriteStartObject("box");
        json.WriteNumber("xmin", found.Box.Left);
        json.WriteNumber("ymin", found.Box.Top);
        json.WriteNumber("xmax", found.Box.Right);
        json.WriteNumber("ymax", found.Box.Bottom);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}

/// <summary>The objects of one picture.</summary>
/// <param name="Width">Of the upright picture, pixels.</param>
/// <param name="Height">Of the upright picture, pixels.</param>
/// <param name="Objects">Best first.</param>
internal sealed record FoundObjects(int Width, int Height, IReadOnlyList<FoundObject> Objects);

/// <summary>An object in a picture.</summary>
/// <param name="Index">Number of the label.</param>
/// <param name="Score">0 to 1.</param>
internal sealed record FoundObject(int Index, string Label, float Score, ObjectBox Box);
