using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/classifications</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ClassificationRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("input"),
        OneOf(typeof(string), typeof(IReadOnlyList<string>), typeof(IReadOnlyList<int>), typeof(IReadOnlyList<IReadOnlyList<int>>)),
        Description("A text, up to 2048 texts, a list of token ids of the model, or several such lists. No list is empty.")]
    object Input)
{
    [JsonPropertyName("top_n"), Range(1, int.MaxValue),
        Description("Adds the scores of this many labels to each result, best first; of all where the model has fewer.")]
    public int? TopN { get; init; }

    [JsonPropertyName("return_all_scores"), Description("Adds the scores of all labels to each result. Not beside top_n.")]
    public bool? ReturnAllScores { get; init; }

    [JsonPropertyName("truncation"), OneOfTexts("error", "cut", "windows"),
        Description("What becomes of an input longer than the model reads: it is refused (error), its end is left out (cut), or it is "
            + "read in parts (windows), each of which is billed; a label's score is then the mean of its scores for the parts. "
            + "Default error.")]
    public string? Truncation { get; init; }

    [JsonPropertyName("explain"), OneOf(typeof(bool), typeof(ExplanationOptions)), Description(ExplanationOptions.Member)]
    public object? Explain { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Answer of <c>POST /v1/classifications</c>.</summary>
public sealed record ClassificationList(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<ClassificationObject> Data,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("usage")] ClassificationUsage Usage);

/// <summary>The best label of one input.</summary>
public sealed record ClassificationObject(
    [property: JsonPropertyName("object"), OneOfTexts("classification")] string Object,
    [property: JsonPropertyName("index"), Description("Place of its input in the request.")] int Index,
    [property: JsonPropertyName("label"), Description("The label with the highest score.")] string Label,
    [property: JsonPropertyName("label_id"), Description("The label's number in the model, from 0.")] int LabelId,
    [property: JsonPropertyName("score"), Range(0.0, 1.0)] double Score)
{
    [JsonPropertyName("scores"), Description("Labels with their scores, best first; equal ones by their number. Only when asked for.")]
    public IReadOnlyList<LabelScore>? Scores { get; init; }

    [JsonPropertyName("explanation"), Description("What the tokens of the text add to a score. Only when asked for.")]
    public Explanation? Explanation { get; init; }
}

/// <summary>A label with its score.</summary>
public sealed record LabelScore(
    [property: JsonPropertyName("label")] string Label,
    [property: JsonPropertyName("label_id")] int LabelId,
    [property: JsonPropertyName("score"), Range(0.0, 1.0)] double Score);

/// <summary>Tokens that a request for classifications used.</summary>
public sealed record ClassificationUsage(
    [property: JsonPropertyName("prompt_tokens"), Description("As often as they were read, see explain.")] int PromptTokens,
    [property: JsonPropertyName("total_tokens")] int TotalTokens);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class ClassificationExamples
{
    public static readonly BodyExample Texts = new(
        "texts", """{"model":"tiny-sentiment","input":["I love machine learning","The food was not good."],"top_n":2}""");

    public static readonly BodyExample Explained = new(
        "explained", """{"model":"tiny-sentiment","input":"I love it","explain":{"label":"positive","steps":65}}""");

    public static readonly BodyExample Labels = new(
        "labels",
        """
        {"object":"list","data":[{"object":"classification","index":0,"label":"positive","label_id":1,"score":0.98298,
        "scores":[{"label":"positive","label_id":1,"score":0.98298},{"label":"negative","label_id":0,"score":0.01702}]},
        {"object":"classification","index":1,"label":"negative","label_id":0,"score":0.98117,
        "scores":[{"label":"negative","label_id":0,"score":0.98117},{"label":"positive","label_id":1,"score":0.01883}]}],
        "model":"tiny-sentiment","usage":{"prompt_tokens":14,"total_tokens":14}}
        """);
}
