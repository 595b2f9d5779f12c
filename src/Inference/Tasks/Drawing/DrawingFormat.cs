using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>The JSON of an answer with pictures, whole or as events.</summary>
/// <param name="created">Unix seconds.</param>
internal sealed class DrawingFormat(DrawingJob job, long created)
{
    private readonly DrawingJob _job = job;
    private readonly string _size = $"{job.Plan.Width}x{job.Plan.Height}";
    private readonly string _format = job.Request.Format switch
    {
        ImageOutputFormat.Png => "png",
        ImageOutputFormat.Jpeg => "jpeg",
        _ => "webp",
    };

    /// <summary>Name of a picture's event.</summary>
    public static string EventOf(DrawnPicture picture) =>
        picture.Partial is null ? "image_generation.completed" : "image_generation.partial_image";

    /// <summary>Makes the file of a picture.</summary>
    public byte[] Encode(DrawnPicture picture) => PictureFile.Encode(
        picture.Pixels, _job.Plan.Width, _job.Plan.Height, _job.Request.Format, _job.Request.Compression);

    public void WriteWhole(Utf8JsonWriter json, IReadOnlyList<byte[]> files, Units units)
    {
        json.WriteStartObject();
        json.WriteNumber("created", created);
        json.WriteStartArray("data");
        foreach (var file in files)
        {
            json.WriteStartObject();
            json.WriteBase64String("b64_json", file);
            WriteRevisedPrompt(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteKind(json);
        WriteUsage(json, units.Prompt);
        json.WriteEndObject();
    }

    public void WriteEvent(Utf8JsonWriter json, DrawnPicture picture)
    {
        json.WriteStartObject();
        json.WriteString("type", EventOf(picture));
        json.WriteBase64String("b64_json", Encode(picture));
        json.WriteNumber("created_at", created);
        json.WriteString("quality", "auto");
        json.WriteNumber("image_index", picture.Index);
        if (picture.Partial is { } partial)
        {
            json.WriteNumber("partial_image_index", partial);
        }

        WriteKind(json);
        if (picture.Partial is null)
        {
            WriteRevisedPrompt(json);
            WriteUsage(json, _job.Plan.TextTokens);
        }

        json.WriteEndObject();
    }

    private void WriteKind(Utf8JsonWriter json)
    {
        json.WriteString("background", "opaque");
        json.WriteString("output_format", _format);
        json.WriteString("size", _size);
        json.WriteNumber("seed", _job.Plan.Seed);
    }

    /// <summary>Only where the text encoder reads less than the client wrote.</summary>
    private void WriteRevisedPrompt(Utf8JsonWriter json)
    {
        if (_job.Plan.Prompt.Cut is { } read)
        {
            json.WriteString("revised_prompt", read);
        }
    }

    /// <summary>Pictures are counted as pictures; no tokens stand for them.</summary>
    private static void WriteUsage(Utf8JsonWriter json, long textTokens)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", textTokens);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("text_tokens", textTokens);
        json.WriteNumber("image_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", 0);
        json.WriteNumber("total_tokens", textTokens);
        json.WriteEndObject();
    }
}
