using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/moderations</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ModerationRequestBody(
    [property: JsonPropertyName("input"),
        OneOf(typeof(string), typeof(IReadOnlyList<string>), typeof(IReadOnlyList<ModerationPart>)),
        Description("A text, up to 2048 texts, or the parts of one input: texts, or up to 16 pictures.")]
    object Input)
{
    [JsonPropertyName("model"), MinLength(1), MaxLength(256),
        Description($"A model's name or an alias. Default: the alias '{ModerationRequest.DefaultModel}'.")]
    public string? Model { get; init; }
}

/// <summary>A part of one input.</summary>
[OneOf(typeof(ModerationTextPart), typeof(ModerationImagePart))]
public sealed record ModerationPart;

/// <summary>A text of one input.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ModerationTextPart(
    [property: JsonPropertyName("type"), OneOfTexts("text")] string Type,
    [property: JsonPropertyName("text")] string Text)
{
    [JsonPropertyName("image_url"), OneOf, Description("Belongs to a picture.")]
    public object? ImageUrl { get; init; }
}

/// <summary>A picture of one input.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ModerationImagePart(
    [property: JsonPropertyName("type"), OneOfTexts("image_url")] string Type,
    [property: JsonPropertyName("image_url")] ModerationImageUrl ImageUrl)
{
    [JsonPropertyName("text"), OneOf, Description("Belongs to a text.")]
    public object? Text { get; init; }
}

/// <summary>Where a picture is.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ModerationImageUrl(
    [property: JsonPropertyName("url"), Description("A picture's file as a data URL or as base64. It is not fetched.")] string Url);

/// <summary>Answer of <c>POST /v1/moderations</c>.</summary>
public sealed record ModerationAnswer(
    [property: JsonPropertyName("id"), Description("modr- and the request's id.")] string Id,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("results")] IReadOnlyList<ModerationResult> Results);

/// <summary>What was found in one input.</summary>
public sealed record ModerationResult(
    [property: JsonPropertyName("flagged"), Description("Whether any category is.")] bool Flagged,
    [property: JsonPropertyName("categories"), Description("Whether the score reaches the model's threshold.")] ModerationFlags Categories,
    [property: JsonPropertyName("category_scores"), Description("0 to 1.")] ModerationScores CategoryScores,
    [property: JsonPropertyName("category_applied_input_types"),
        Description("text or image where the model judges the category, else nothing.")]
    ModerationInputTypes CategoryAppliedInputTypes);

/// <summary>A value for each category.</summary>
public abstract record OfEachCategory<T>
{
    [JsonPropertyName("harassment")]
    public required T Harassment { get; init; }

    [JsonPropertyName("harassment/threatening")]
    public required T HarassmentThreatening { get; init; }

    [JsonPropertyName("hate")]
    public required T Hate { get; init; }

    [JsonPropertyName("hate/threatening")]
    public required T HateThreatening { get; init; }

    [JsonPropertyName("illicit")]
    public required T Illicit { get; init; }

    [JsonPropertyName("illicit/violent")]
    public required T IllicitViolent { get; init; }

    [JsonPropertyName("self-harm")]
    public required T SelfHarm { get; init; }

    [JsonPropertyName("self-harm/intent")]
    public required T SelfHarmIntent { get; init; }

    [JsonPropertyName("self-harm/instructions")]
    public required T SelfHarmInstructions { get; init; }

    [JsonPropertyName("sexual")]
    public required T Sexual { get; init; }

    [JsonPropertyName("sexual/minors")]
    public required T SexualMinors { get; init; }

    [JsonPropertyName("violence")]
    public required T Violence { get; init; }

    [JsonPropertyName("violence/graphic")]
    public required T ViolenceGraphic { get; init; }
}

/// <summary>Whether each category is flagged.</summary>
public sealed record ModerationFlags : OfEachCategory<bool>;

/// <summary>The score of each category.</summary>
public sealed record ModerationScores : OfEachCategory<double>;

/// <summary>The kinds of input that each category was judged by.</summary>
public sealed record ModerationInputTypes : OfEachCategory<IReadOnlyList<string>>;

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class ModerationExamples
{
    public static readonly BodyExample Text = new("text", """{"input":"I will find you"}""");

    public static readonly BodyExample Parts = new("parts", """{"input":[{"type":"text","text":"I will find you"}]}""");

    public static readonly BodyExample Picture = new(
        "picture",
        """
        {"input":[{"type":"image_url",
        "image_url":{"url":"data:image/gif;base64,R0lGODdhAwACAIEAAP8AAAD/AAAA/////ywAAAAAAwACAAAICQABBBAgIACAgAA7"}}]}
        """);

    public static readonly BodyExample Answer = new(
        "answer",
        """
        {"id":"modr-0195aaaa000070008000000000000001","model":"text-guard","results":[{"flagged":true,
        "categories":{"harassment":false,"harassment/threatening":true,"hate":false,"hate/threatening":false,"illicit":false,
        "illicit/violent":false,"self-harm":false,"self-harm/intent":false,"self-harm/instructions":false,"sexual":false,
        "sexual/minors":false,"violence":false,"violence/graphic":false},
        "category_scores":{"harassment":0.02,"harassment/threatening":0.91,"hate":0,"hate/threatening":0,"illicit":0,"illicit/violent":0,
        "self-harm":0,"self-harm/intent":0,"self-harm/instructions":0,"sexual":0,"sexual/minors":0,"violence":0,
        "violence/graphic":0},
        "category_applied_input_types":{"harassment":["text"],"harassment/threatening":["text"],
        "hate":[],"hate/threatening":[],"illicit":[],
        "illicit/violent":[],"self-harm":[],"self-harm/intent":[],"self-harm/instructions":[],"sexual":[],"sexual/minors":[],
        "violence":[],"violence/graphic":[]}}]}
        """);
}
