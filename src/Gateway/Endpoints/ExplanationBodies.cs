using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>How scores are explained, the object of the member <c>explain</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ExplanationOptions
{
    /// <summary>The member that takes this object.</summary>
    internal const string Member =
        "Adds to each result what the tokens of its text add to a score. true, or an object that states how. At most 16 texts, no token "
        + "ids. An explanation reads its text several times, which is billed as input tokens: prompt tokens × (1 + 3 × steps), or prompt "
        + "tokens × 2 with the method linear. A request is held for the most steps and billed for those that were computed.";

    [JsonPropertyName("label"), MinLength(1), MaxLength(256),
        Description("The label whose score is explained. Default: the best one of each text.")]
    public string? Label { get; init; }

    [JsonPropertyName("steps"), Range(ExplanationRequest.FewestSteps, ExplanationRequest.MostSteps),
        Description("Most steps for a text, default 129. They double, from 17, until the parts sum to the difference of the scores within "
            + "1 %.")]
    public int? Steps { get; init; }

    [JsonPropertyName("method"), OneOfTexts("integrated_gradients", "linear"),
        Description("integrated_gradients (the default) divides the label's probability among the words. linear divides its logit "
            + "exactly, in one reading, among the vectors of the tokens, each of which knows its context; only for models whose last layer "
            + "is linear over the mean of these vectors.")]
    public string? Method { get; init; }
}

/// <summary>What the tokens of a text add to a score.</summary>
public sealed record Explanation(
    [property: JsonPropertyName("label"), Description("The label that is explained.")] string Label,
    [property: JsonPropertyName("label_id"), Description("Its number in the model, from 0.")] int LabelId,
    [property: JsonPropertyName("method"), OneOfTexts("integrated_gradients", "linear")] string Method,
    [property: JsonPropertyName("quantity"), OneOfTexts("probability", "logit"),
        Description("What scores and attributions are: the label's probability with integrated_gradients, its logit with linear.")]
    string Quantity,
    [property: JsonPropertyName("score"), Description("Of the label for the text, computed with the model's weights as float32 numbers.")]
    double Score,
    [property: JsonPropertyName("baseline_score"), Description("Of the label for a text that says nothing.")] double BaselineScore,
    [property: JsonPropertyName("steps"), Description("Steps that were computed.")] int Steps,
    [property: JsonPropertyName("error"),
        Description("Distance of the sum of all attributions from score - baseline_score: at most 1 % of it, unless the steps ended "
            + "before. A difference below 0.001 counts as 0.001.")]
    double Error,
    [property: JsonPropertyName("tokens"),
        Description("In the order of the text. A token that frames the text has an empty span; a text that was read in parts has such "
            + "tokens between them.")]
    IReadOnlyList<ExplanationToken> Tokens);

/// <summary>A token of a text.</summary>
public sealed record ExplanationToken(
    [property: JsonPropertyName("text"), Description("The part of your text, from start to end.")] string Text,
    [property: JsonPropertyName("start"), Range(0, int.MaxValue),
        Description("Where it begins in your text, in Unicode code points, as Python counts. Characters that a reader sees are never "
            + "parted, so that tokens of one character have the same span.")]
    int Start,
    [property: JsonPropertyName("end"), Range(0, int.MaxValue), Description("Where it ends, exclusive.")] int End,
    [property: JsonPropertyName("attribution"), Description("Above 0 what speaks for the label, below 0 what speaks against it.")]
    double Attribution);
