using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/images/generations</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageGenerationRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("prompt"), MinLength(1), MaxLength(32_000),
        Description("What the pictures show. A prompt longer than the model reads is cut; revised_prompt then holds what was read.")]
    string Prompt)
{
    [JsonPropertyName("n"), Range(1, 10), Description("Pictures to draw. Default 1.")]
    public int? N { get; init; }

    [JsonPropertyName("size"), RegularExpression("^(auto|[0-9]+x[0-9]+)$"),
        Description("auto, the model's own size, or width x height in pixels. A size that the model cannot draw is refused with one "
            + "that it can. Default auto.")]
    public string? Size { get; init; }

    [JsonPropertyName("output_format"), OneOfTexts("png", "jpeg", "webp"), Description("Default png.")]
    public string? OutputFormat { get; init; }

    [JsonPropertyName("output_compression"), Range(0, 100), Description("Quality of jpeg and webp; 100 for png. Default 100.")]
    public int? OutputCompression { get; init; }

    [JsonPropertyName("response_format"), OneOfTexts("b64_json"), Description("Pictures are sent in the answer; files are not kept.")]
    public string? ResponseFormat { get; init; }

    [JsonPropertyName("stream"), Description("Sends events while pictures are drawn. Default false.")]
    public bool? Stream { get; init; }

    [JsonPropertyName("partial_images"), Range(0, 3),
        Description("Intermediate pictures of each picture, only beside stream: true; a drawing of few steps has fewer. A picture of which "
            + "anything went out is billed. Default 0.")]
    public int? PartialImages { get; init; }

    [JsonPropertyName("seed"), Range(0, 9_007_199_254_740_991),
        Description("The same seed gives the same pictures with the same model. Default: a new one, which the answer holds.")]
    public long? Seed { get; init; }

    [JsonPropertyName("negative_prompt"), MaxLength(32_000),
        Description("What the pictures must not show. Refused where the guidance is 1 or less, because it has no effect there.")]
    public string? NegativePrompt { get; init; }

    [JsonPropertyName("steps"), Range(1, 1_000), Description("Steps of a drawing, within the operator's bound. Default: the model's own.")]
    public int? Steps { get; init; }

    [JsonPropertyName("guidance"), Range(0, 100),
        Description("How closely pictures follow the prompt; 1 and less is without guidance. Default: the model's own.")]
    public double? Guidance { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }

    [JsonPropertyName("safety_identifier"), MaxLength(64), Description("Accepted and ignored.")]
    public string? SafetyIdentifier { get; init; }

    [JsonPropertyName("background"), OneOfTexts("opaque", "auto"), Description("Pictures are opaque.")]
    public string? Background { get; init; }

    [JsonPropertyName("moderation"), OneOfTexts("auto", "low"),
        Description("Accepted and ignored: the operator's checks of prompts and pictures are the same for all.")]
    public string? Moderation { get; init; }

    [JsonPropertyName("quality"), OneOfTexts("auto", "standard"), Description("There is one quality; steps sets the work.")]
    public string? Quality { get; init; }

    [JsonPropertyName("style"), OneOf, Description("Not supported.")]
    public object? Style { get; init; }

    [JsonPropertyName("complexity"), OneOf, Description("Not supported.")]
    public object? Complexity { get; init; }

    [JsonPropertyName("frame_count"), OneOf, Description("Not supported.")]
    public object? FrameCount { get; init; }

    [JsonPropertyName("frame_duration_ms"), OneOf, Description("Not supported.")]
    public object? FrameDurationMs { get; init; }

    [JsonPropertyName("svg"), OneOf, Description("Not supported.")]
    public object? Svg { get; init; }

    [JsonPropertyName("image"), OneOf, Description("Not supported: pictures are drawn from text alone.")]
    public object? Image { get; init; }

    [JsonPropertyName("mask"), OneOf, Description("Not supported: pictures are drawn from text alone.")]
    public object? Mask { get; init; }

    [JsonPropertyName("input_fidelity"), OneOf, Description("Not supported: pictures are drawn from text alone.")]
    public object? InputFidelity { get; init; }
}

/// <summary>Answer of <c>POST /v1/images/generations</c>.</summary>
public sealed record ImageList(
    [property: JsonPropertyName("created"), Description("Unix seconds.")] long Created,
    [property: JsonPropertyName("data")] IReadOnlyList<ImageObject> Data,
    [property: JsonPropertyName("background"), OneOfTexts("opaque")] string Background,
    [property: JsonPropertyName("output_format"), OneOfTexts("png", "jpeg", "webp")] string OutputFormat,
    [property: JsonPropertyName("size"), Description("Width x height in pixels.")] string Size,
    [property: JsonPropertyName("seed"), Description("Of the request, or the one that was chosen.")] long Seed,
    [property: JsonPropertyName("usage")] ImageGenerationUsage Usage);

/// <summary>One picture.</summary>
public sealed record ImageObject([property: JsonPropertyName("b64_json"), Description("The file, base64.")] string B64Json)
{
    [JsonPropertyName("revised_prompt"), Description("What the model read of a prompt that is longer than it reads.")]
    public string? RevisedPrompt { get; init; }
}

/// <summary>Tokens of the texts that were read. Pictures are billed as pictures, not as tokens.</summary>
public sealed record ImageGenerationUsage(
    [property: JsonPropertyName("input_tokens")] int InputTokens,
    [property: JsonPropertyName("input_tokens_details")] ImageInputTokens InputTokensDetails,
    [property: JsonPropertyName("output_tokens"), Description("0.")] int OutputTokens,
    [property: JsonPropertyName("total_tokens")] int TotalTokens);

/// <summary>What the input tokens stand for.</summary>
public sealed record ImageInputTokens(
    [property: JsonPropertyName("text_tokens")] int TextTokens,
    [property: JsonPropertyName("image_tokens"), Description("0.")] int ImageTokens);

/// <summary>One event of a stream: an intermediate picture or a finished one.</summary>
public sealed record ImageEvent(
    [property: JsonPropertyName("type"), OneOfTexts("image_generation.partial_image", "image_generation.completed")] string Type,
    [property: JsonPropertyName("b64_json"), Description("The file, base64.")] string B64Json,
    [property: JsonPropertyName("created_at"), Description("Unix seconds.")] long CreatedAt,
    [property: JsonPropertyName("quality"), OneOfTexts("auto")] string Quality,
    [property: JsonPropertyName("image_index"), Description("Place of the picture among those of the request.")] int ImageIndex,
    [property: JsonPropertyName("background"), OneOfTexts("opaque")] string Background,
    [property: JsonPropertyName("output_format"), OneOfTexts("png", "jpeg", "webp")] string OutputFormat,
    [property: JsonPropertyName("size"), Description("Width x height in pixels.")] string Size,
    [property: JsonPropertyName("seed"), Description("Of the request, or the one that was chosen.")] long Seed)
{
    [JsonPropertyName("partial_image_index"), Description("Of an intermediate picture, from 0.")]
    public int? PartialImageIndex { get; init; }

    [JsonPropertyName("revised_prompt"), Description("What the model read of a prompt that is longer than it reads.")]
    public string? RevisedPrompt { get; init; }

    [JsonPropertyName("usage"), Description("Of the request; on finished pictures.")]
    public ImageGenerationUsage? Usage { get; init; }
}

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class ImageExamples
{
    private const string Usage =
        """
        "usage":{"input_tokens":8,"input_tokens_details":{"text_tokens":8,"image_tokens":0},"output_tokens":0,"total_tokens":8}
        """;

    private const string Kind = """ "background":"opaque","output_format":"png","size":"64x64","seed":7 """;

    public static readonly BodyExample Prompt = new(
        "prompt", """{"model":"tiny-painter","prompt":"a red house on green grass","seed":7}""");

    public static readonly BodyExample StreamedPrompt = new(
        "streamed",
        """{"model":"tiny-painter","prompt":"a blue boat on the sea","negative_prompt":"night","stream":true,"partial_images":1}""");

    public static readonly BodyExample Pictures = new(
        "pictures", $$"""{"created":1790000000,"data":[{"b64_json":"iVBORw0KGgo="}],{{Kind}},{{Usage}}}""");

    public static readonly BodyExample Events = new(
        "events",
        string.Join(
            "\n\n", Event("partial_image", "\"partial_image_index\":0", 161), Event("completed", Usage.Trim(), 321),
            "id: 321\ndata: [DONE]\n\n"));

    private static string Event(string type, string last, int id) =>
        $"id: {id}\nevent: image_generation.{type}\n"
        + $$"""data: {"type":"image_generation.{{type}}","b64_json":"iVBORw0KGgo=","created_at":1790000000,"quality":"auto","""
        + $$""" "image_index":0,{{Kind}},{{last}}}""";
}
