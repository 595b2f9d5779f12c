using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/rerank</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RerankRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("query"), MinLength(1), Description("What the documents are ordered by.")]
    string Query,
    [property: JsonPropertyName("documents"), OneOf(typeof(IReadOnlyList<string>), typeof(IReadOnlyList<RerankText>)),
        Description("1 to 2048 texts, or objects with a text. No text is empty.")]
    object Documents)
{
    [JsonPropertyName("top_n"), Range(1, int.MaxValue),
        Description("Returns only so many of the best; all where there are fewer documents. 0 is refused. Default all.")]
    public int? TopN { get; init; }

    [JsonPropertyName("return_documents"), Description("Whether results hold their documents. Default true.")]
    public bool? ReturnDocuments { get; init; }

    [JsonPropertyName("max_tokens_per_doc"), Range(1, int.MaxValue),
        Description("Cuts each document to so many tokens. Default: what the model reads beside the query.")]
    public int? MaxTokensPerDoc { get; init; }

    [JsonPropertyName("truncate"), Description("Whether a document longer than the model reads is cut, or else refused. Default true.")]
    public bool? Truncate { get; init; }

    [JsonPropertyName("relevant_spans"), Description("Only false is possible.")]
    public bool? RelevantSpans { get; init; }

    [JsonPropertyName("priority"), Range(0, 999), Description("Accepted and ignored.")]
    public int? Priority { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>A text in an object.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RerankText([property: JsonPropertyName("text")] string Text);

/// <summary>Answer of <c>POST /v1/rerank</c>.</summary>
public sealed record RerankResults(
    [property: JsonPropertyName("id"), Description("The request's id.")] string Id,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("results"), Description("The most relevant first.")] IReadOnlyList<RerankResult> Results,
    [property: JsonPropertyName("usage")] RerankUsage Usage,
    [property: JsonPropertyName("meta"), Description("The usage again, where Cohere's clients read it.")] RerankMeta Meta);

/// <summary>One document's relevance.</summary>
public sealed record RerankResult(
    [property: JsonPropertyName("index"), Description("Place of the document in the request.")] int Index,
    [property: JsonPropertyName("relevance_score")] double RelevanceScore)
{
    [JsonPropertyName("document")]
    public RerankText? Document { get; init; }
}

/// <summary>Tokens that a request for ranking used.</summary>
public sealed record RerankUsage(
    [property: JsonPropertyName("prompt_tokens")] int PromptTokens,
    [property: JsonPropertyName("total_tokens")] int TotalTokens);

/// <summary>What Cohere's clients read beside the results.</summary>
public sealed record RerankMeta(
    [property: JsonPropertyName("api_version")] RerankVersion ApiVersion,
    [property: JsonPropertyName("billed_units")] RerankTokens BilledUnits,
    [property: JsonPropertyName("tokens")] RerankTokens Tokens);

/// <summary>Version of the answer's form.</summary>
public sealed record RerankVersion([property: JsonPropertyName("version"), OneOfTexts("2")] string Version);

/// <summary>Tokens read.</summary>
public sealed record RerankTokens([property: JsonPropertyName("input_tokens")] int InputTokens);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class RerankExamples
{
    public static readonly BodyExample Texts = new(
        "texts",
        """
        {"model":"tiny-embed","query":"How do I change my password?","documents":["Invoices are sent on the first of each month.",
        "Open Settings and choose a new password."],"top_n":1}
        """);

    public static readonly BodyExample Results = new(
        "results",
        """
        {"id":"req_0123456789abcdef0123456789abcdef","model":"tiny-embed","results":[{"index":1,"relevance_score":0.7312,
        "document":{"text":"Open Settings and choose a new password."}}],"usage":{"prompt_tokens":32,"total_tokens":32},
        "meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":32},"tokens":{"input_tokens":32}}}
        """);
}
