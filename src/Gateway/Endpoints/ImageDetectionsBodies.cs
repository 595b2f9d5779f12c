using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/images/detections</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageDetectionRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("image"), OneOf(typeof(string), typeof(IReadOnlyList<string>)),
        Description("A picture's file as base64 or as a data URL, or up to 16 of them.")]
    object Image)
{
    [JsonPropertyName("threshold"), Range(0.0, 1.0), Description("Lowest score of an object. Default: the model's own.")]
    public double? Threshold { get; init; }

    [JsonPropertyName("top_k"), Range(1, 1000), Description("Most objects for each picture. Default 100.")]
    public int? TopK { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Form of <c>POST /v1/images/detections</c>: a picture as <c>file</c> or <c>image</c>, or up to 16 as <c>image[]</c>. The
/// document leaves <c>image</c> out: generated clients name it and <c>image[]</c> alike.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageDetectionForm(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model)
{
    [JsonPropertyName("file"), BinaryFile, Description("A picture's file; image is another name of this part.")]
    public string? File { get; init; }

    [JsonPropertyName("image[]"), Description("The files of several pictures.")]
    public IReadOnlyList<string>? Images { get; init; }

    [JsonPropertyName("threshold"), Range(0.0, 1.0), Description("Lowest score of an object. Default: the model's own.")]
    public double? Threshold { get; init; }

    [JsonPropertyName("top_k"), Range(1, 1000), Description("Most objects for each picture. Default 100.")]
    public int? TopK { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Answer of <c>POST /v1/images/detections</c>.</summary>
public sealed record ImageDetectionList(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<ImageDetectionObject> Data,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("usage")] ImageUsage Usage);

/// <summary>The objects in one picture.</summary>
public sealed record ImageDetectionObject(
    [property: JsonPropertyName("object"), OneOfTexts("image.detection")] string Object,
    [property: JsonPropertyName("index"), Description("Place of its picture in the request.")] int Index,
    [property: JsonPropertyName("width"), Description("Of the upright picture, pixels.")] int Width,
    [property: JsonPropertyName("height"), Description("Of the upright picture, pixels.")] int Height,
    [property: JsonPropertyName("detections"), Description("Best first.")] IReadOnlyList<DetectedObject> Detections);

/// <summary>One object in a picture.</summary>
public sealed record DetectedObject(
    [property: JsonPropertyName("index"), Description("Number of the label in the model.")] int Index,
    [property: JsonPropertyName("label")] string Label,
    [property: JsonPropertyName("score"), Description("0 to 1.")] double Score,
    [property: JsonPropertyName("box")] DetectedBox Box);

/// <summary>Where an object is, pixels from the upper left corner of the upright picture. May reach past its edge.</summary>
public sealed record DetectedBox(
    [property: JsonPropertyName("xmin")] double XMin,
    [property: JsonPropertyName("ymin")] double YMin,
    [property: JsonPropertyName("xmax")] double XMax,
    [property: JsonPropertyName("ymax")] double YMax);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class ImageDetectionExamples
{
    public static readonly BodyExample Picture = new(
        "picture",
        """
        {"model":"my-detector","image":"data:image/gif;base64,R0lGODdhAwACAIEAAP8AAAD/AAAA/////ywAAAAAAwACAAAICQABBBAgIACAgAA7",
        "threshold":0.3}
        """);

    public static readonly BodyExample Objects = new(
        "objects",
        """
        {"object":"list","data":[{"object":"image.detection","index":0,"width":800,"height":600,"detections":[{"index":41,"label":"cup",
        "score":0.4711,"box":{"xmin":120.4,"ymin":98.1,"xmax":402.7,"ymax":377.5}}]}],"model":"my-detector",
        "usage":{"images":1,"pixels":480000}}
        """);
}
