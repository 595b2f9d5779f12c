using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/embeddings</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EmbeddingRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("input"),
        OneOf(typeof(string), typeof(IReadOnlyList<string>), typeof(IReadOnlyList<int>), typeof(IReadOnlyList<IReadOnlyList<int>>)),
        Description("A text, up to 2048 texts, a list of token ids, or several such lists. None is empty.")]
    object Input)
{
    [JsonPropertyName("encoding_format"), OneOfTexts("float", "base64"), Description("base64 is little-endian float32. Default float.")]
    public string? EncodingFormat { get; init; }

    [JsonPropertyName("dimensions"), Range(1, int.MaxValue),
        Description("The model's own width or, of a model trained for it, a smaller one.")]
    public int? Dimensions { get; init; }

    [JsonPropertyName("input_type"), OneOfTexts("query", "document", "search_query", "search_document", "passage"),
        Description("What the vectors are for. A model trained with prefixes puts its own before the text; others ignore it.")]
    public string? InputType { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Answer of <c>POST /v1/embeddings</c>.</summary>
public sealed record EmbeddingList(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<EmbeddingObject> Data,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("usage")] EmbeddingUsage Usage);

/// <summary>The vector of one input.</summary>
public sealed record EmbeddingObject(
    [property: JsonPropertyName("object"), OneOfTexts("embedding")] string Object,
    [property: JsonPropertyName("index"), Description("Place of its input in the request.")] int Index,
    [property: JsonPropertyName("embedding"), OneOf(typeof(IReadOnlyList<double>), typeof(string)),
        Description("A list of numbers, or base64 text of little-endian float32.")]
    object Embedding);

/// <summary>Tokens that a request for embeddings used.</summary>
public sealed record EmbeddingUsage(
    [property: JsonPropertyName("prompt_tokens")] int PromptTokens,
    [property: JsonPropertyName("total_tokens")] int TotalTokens);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class EmbeddingExamples
{
    public static readonly BodyExample Texts = new(
        "texts", """{"model":"tiny-embed","input":["The plane was late","The train was on time"]}""");

    public static readonly BodyExample Vectors = new(
        "vectors",
        """
        {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0123,-0.0456]},
        {"object":"embedding","index":1,"embedding":[0.0789,0.0012]}],"model":"tiny-embed","usage":{"prompt_tokens":12,"total_tokens":12}}
        """);
}
