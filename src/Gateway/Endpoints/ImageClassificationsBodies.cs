using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/images/classifications</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageClassificationRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("image"), OneOf(typeof(string), typeof(IReadOnlyList<string>)),
        Description("A picture's file as base64 or as a data URL, or up to 16 of them.")]
    object Image)
{
    [JsonPropertyName("top_n"), Range(1, 1000), Description("Labels for each picture. Default 5.")]
    public int? TopN { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Form of <c>POST /v1/images/classifications</c>: a picture as <c>file</c> or <c>image</c>, or up to 16 as <c>image[]</c>. The
/// document leaves <c>image</c> out: generated clients name it and <c>image[]</c> alike.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageClassificationForm(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model)
{
    [JsonPropertyName("file"), BinaryFile, Description("A picture's file; image is another name of this part.")]
    public string? File { get; init; }

    [JsonPropertyName("image[]"), Description("The files of several pictures.")]
    public IReadOnlyList<string>? Images { get; init; }

    [JsonPropertyName("top_n"), Range(1, 1000), Description("Labels for each picture. Default 5.")]
    public int? TopN { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Answer of <c>POST /v1/images/classifications</c>.</summary>
public sealed record ImageClassificationList(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<ImageClassificationObject> Data,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("usage")] ImageUsage Usage);

/// <summary>The labels of one picture.</summary>
public sealed record ImageClassificationObject(
    [property: JsonPropertyName("object"), OneOfTexts("image.classification")] string Object,
    [property: JsonPropertyName("index"), Description("Place of its picture in the request.")] int Index,
    [property: JsonPropertyName("labels"), Description("Best first.")] IReadOnlyList<ImageLabel> Labels);

/// <summary>One label of a picture.</summary>
public sealed record ImageLabel(
    [property: JsonPropertyName("index"), Description("Number of the label in the model.")] int Index,
    [property: JsonPropertyName("label")] string Label,
    [property: JsonPropertyName("score"), Description("0 to 1.")] double Score);

/// <summary>What a request with pictures used.</summary>
public sealed record ImageUsage(
    [property: JsonPropertyName("images"), Description("Pictures that were recognised.")] int Images,
    [property: JsonPropertyName("pixels"), Description("Pixels of these pictures, as their files store them.")] long Pixels);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class ImageClassificationExamples
{
    public static readonly BodyExample Picture = new(
        "picture",
        """
        {"model":"my-classifier","image":"data:image/gif;base64,R0lGODdhAwACAIEAAP8AAAD/AAAA/////ywAAAAAAwACAAAICQABBBAgIACAgAA7",
        "top_n":2}
        """);

    public static readonly BodyExample Labels = new(
        "labels",
        """
        {"object":"list","data":[{"object":"image.classification","index":0,"labels":[{"index":282,"label":"tiger cat","score":0.3857},
        {"index":285,"label":"Egyptian cat","score":0.3559}]}],"model":"my-classifier","usage":{"images":1,"pixels":480000}}
        """);
}
