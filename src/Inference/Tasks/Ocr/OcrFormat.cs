using System.Text.Json;
using Tollgate.Contracts.Metering;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>The JSON of an answer with text.</summary>
internal static class OcrFormat
{
    /// <param name="picture">Its size bounds all corners.</param>
    /// <param name="lines">Those that the answer holds, in the order of reading.</param>
    /// <param name="all">Number of all lines that were read.</param>
    public static void Write(Utf8JsonWriter json, string model, FoundText picture, IReadOnlyList<OcrLine> lines, int all, Units units)
    {
        json.WriteStartObject();
        json.WriteString("object", "image.ocr");
        json.WriteString("model", model);
        json.WriteString("text", string.Join('\n', lines.Select(line => line.Text)));
        json.WriteStartArray("lines");
        foreach (var line in lines)
        {
            json.WriteStartObject();
            WriteText(json, line.Text, line.Confidence, line.Quad, picture);
            json.WriteNumber("unread_characters", line.Unread);
            json.WriteStartArray("words");
            foreach (var word in line.Words)
            {
                json.WriteStartObject();
                WriteText(json, word.Text, word.Confidence, word.Quad, picture);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("omitted_lines", all - lines.Count);
        json.WriteStartObject("size");
        json.WriteNumber("width", picture.Width);
        json.WriteNumber("height", picture.Height);
        json.WriteEndObject();
        json.WriteStartObject("usage");
        json.WriteNumber("images", units.Images);
        json.WriteNumber("pixels", units.Pixels);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string text, double confidence, TextQuad quad, FoundText picture)
    {
        json.WriteString("text", text);
        json.WriteNumber("confidence", Math.Round(Math.Min(confidence, 1), 4));
        json.WriteStartArray("polygon");
        foreach (var corner in quad.Corners)
        {
            json.WriteStartArray();
            json.WriteNumberValue(Math.Round(Math.Clamp(corner.X, 0, picture.Width), 1));
            json.WriteNumberValue(Math.Round(Math.Clamp(corner.Y, 0, picture.Height), 1));
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}
