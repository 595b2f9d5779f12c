using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/images/ocr</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageOcrRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("image"), Description("A picture's file as base64 or as a data URL.")] string Image)
{
    [JsonPropertyName("min_confidence"), Range(0.0, 1.0), Description("Lines below it are left out, and counted. Default 0.5.")]
    public double? MinConfidence { get; init; }

    [JsonPropertyName("language"), OneOf, Description("Not supported: a model reads all characters that it knows.")]
    public object? Language { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Form of <c>POST /v1/images/ocr</c>: a picture as <c>file</c> or <c>image</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageOcrForm(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model)
{
    [JsonPropertyName("file"), BinaryFile, Description("The picture's file; image is another name of this part.")]
    public string? File { get; init; }

    [JsonPropertyName("min_confidence"), Range(0.0, 1.0), Description("Lines below it are left out, and counted. Default 0.5.")]
    public double? MinConfidence { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Answer of <c>POST /v1/images/ocr</c>.</summary>
public sealed record ImageOcr(
    [property: JsonPropertyName("object"), OneOfTexts("image.ocr")] string Object,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("text"), Description("The lines, a line feed between two.")] string Text,
    [property: JsonPropertyName("lines"), Description("From above, and from the left where they are beside each other.")]
    IReadOnlyList<OcrTextLine> Lines,
    [property: JsonPropertyName("omitted_lines"), Description("Lines that were left out for their confidence.")] int OmittedLines,
    [property: JsonPropertyName("size")] OcrPictureSize Size,
    [property: JsonPropertyName("usage")] ImageUsage Usage);

/// <summary>A line of text.</summary>
public sealed record OcrTextLine(
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("confidence"), Description("0 to 1, mean of its characters; one that could not be read counts as 0.")]
    double Confidence,
    [property: JsonPropertyName("polygon"), Description(OcrPictureSize.Corners)] IReadOnlyList<IReadOnlyList<double>> Polygon,
    [property: JsonPropertyName("unread_characters"), Description("Characters that the model does not know, about.")] int UnreadCharacters,
    [property: JsonPropertyName("words")] IReadOnlyList<OcrTextWord> Words);

/// <summary>A word of a line: what stands between two spaces.</summary>
public sealed record OcrTextWord(
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("confidence"), Description("0 to 1, mean of its characters.")] double Confidence,
    [property: JsonPropertyName("polygon"), Description(OcrPictureSize.Corners)] IReadOnlyList<IReadOnlyList<double>> Polygon);

/// <summary>Size of the picture as it is shown, after its EXIF orientation.</summary>
public sealed record OcrPictureSize(
    [property: JsonPropertyName("width"), Description("Pixels.")] int Width,
    [property: JsonPropertyName("height"), Description("Pixels.")] int Height)
{
    internal const string Corners =
        "Four corners as [x, y], clockwise from the upper left one, pixels of the picture as it is shown, after its EXIF orientation.";
}

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class ImageOcrExamples
{
    public static readonly BodyExample Picture = new(
        "picture",
        """
        {"model":"my-reader","image":"data:image/gif;base64,R0lGODdhAwACAIEAAP8AAAD/AAAA/////ywAAAAAAwACAAAICQABBBAgIACAgAA7",
        "min_confidence":0.6}
        """);

    public static readonly BodyExample Text = new(
        "text",
        """
        {"object":"image.ocr","model":"my-reader","text":"NO ENTRY","lines":[{"text":"NO ENTRY","confidence":0.954,
        "polygon":[[40,40],[306,39],[306,82],[40,83]],"unread_characters":0,"words":[
        {"text":"NO","confidence":0.999,"polygon":[[40,40],[125,39.7],[125,82.7],[40,83]]},
        {"text":"ENTRY","confidence":0.935,"polygon":[[131,39.6],[306,39],[306,82],[131,82.6]]}]}],
        "omitted_lines":0,"size":{"width":480,"height":200},"usage":{"images":1,"pixels":96000}}
        """);
}
