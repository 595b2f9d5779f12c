using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /predict</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PredictRequestBody(
    [property: JsonPropertyName("data"), OneOf(typeof(string), typeof(IReadOnlyList<string>)),
        Description("A text, or up to 2048 texts.")]
    object Data)
{
    [JsonPropertyName("model"), MinLength(1), MaxLength(256),
        Description($"A model's name or an alias. Default: the model of the URL, else the alias '{PredictRequest.DefaultModel}'.")]
    public string? Model { get; init; }

    [JsonPropertyName("explain"), OneOf(typeof(bool), typeof(ExplanationOptions)), Description(ExplanationOptions.Member)]
    public object? Explain { get; init; }
}

/// <summary>Answer of <c>POST /predict</c>. Each member is a list when the data was one.</summary>
public sealed record Prediction(
    [property: JsonPropertyName("label"), OneOf(typeof(int), typeof(IReadOnlyList<int>)),
        Description("Number of the best label in the model, from 0.")]
    object Label,
    [property: JsonPropertyName("label_name"), OneOf(typeof(string), typeof(IReadOnlyList<string>)), Description("Its name.")]
    object LabelName,
    [property: JsonPropertyName("score"), OneOf(typeof(double), typeof(IReadOnlyList<double>)), Description("Its score, 0 to 1.")]
    object Score)
{
    [JsonPropertyName("explanation"), OneOf(typeof(Explanation), typeof(IReadOnlyList<Explanation>)),
        Description("What the tokens of the text add to a score. Only when asked for.")]
    public object? Explanation { get; init; }
}

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class PredictExamples
{
    public static readonly BodyExample Text = new("text", """{"data":"I love machine learning"}""");

    public static readonly BodyExample Texts = new("texts", """{"data":["I hate machine learning","I love machine learning"]}""");

    public static readonly BodyExample Label = new("label", """{"label":1,"label_name":"positive","score":0.98298}""");
}
