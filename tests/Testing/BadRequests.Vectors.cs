namespace Tollgate.Testing;

/// <summary>Requests for embeddings and rankings.</summary>
public static partial class BadRequests
{
    /// <summary>A good request for a ranking with further members.</summary>
    public static string RerankBody(string members = "") =>
        $$"""{"model":"tiny-embed","query":"x","documents":["y",{"text":"z"}]{{Comma(members)}}}""";

    private static IEnumerable<BadRequest> Reranks()
    {
        var texts = string.Join(',', Enumerable.Repeat("\"x\"", 2049));
        foreach (var (members, code, param) in new[]
        {
            ("\"top_n\":0", InvalidValue, "top_n"),
            ("\"top_n\":-1", InvalidValue, "top_n"),
            ("\"top_n\":1.5", InvalidType, "top_n"),
            ("\"top_n\":\"2\"", InvalidType, "top_n"),
            ("\"top_n\":true", InvalidType, "top_n"),
            ("\"top_n\":[1]", InvalidType, "top_n"),
            ("\"top_n\":2147483648", InvalidValue, "top_n"),
            ("\"return_documents\":1", InvalidType, "return_documents"),
            ("\"return_documents\":\"true\"", InvalidType, "return_documents"),
            ("\"max_tokens_per_doc\":0", InvalidValue, "max_tokens_per_doc"),
            ("\"max_tokens_per_doc\":\"9\"", InvalidType, "max_tokens_per_doc"),
            ("\"truncate\":\"END\"", InvalidType, "truncate"),
            ("\"relevant_spans\":1", InvalidType, "relevant_spans"),
            ("\"relevant_spans\":true", Unsupported, "relevant_spans"),
            ("\"priority\":-1", InvalidValue, "priority"),
            ("\"priority\":1000", InvalidValue, "priority"),
            ("\"priority\":\"high\"", InvalidType, "priority"),
            ("\"user\":1", InvalidType, "user"),
            ("\"stream\":true", Unknown, "stream"),
            ("\"rank_fields\":[\"a\"]", Unknown, "rank_fields"),
            ("\"query\":\"y\"", Duplicate, "query"),
        })
        {
            yield return new(RerankPath, RerankBody(members), 400, code, param);
        }

        foreach (var (documents, code, param) in new[]
        {
            ("null", Missing, "documents"),
            ("\"x\"", InvalidType, "documents"),
            ("1", InvalidType, "documents"),
            ("{\"text\":\"x\"}", InvalidType, "documents"),
            ("[]", InvalidValue, "documents"),
            ("[1]", InvalidType, "documents[0]"),
            ("[null]", InvalidType, "documents[0]"),
            ("[[\"x\"]]", InvalidType, "documents[0]"),
            ("[\"x\",\"\"]", InvalidValue, "documents[1]"),
            ("[{}]", Missing, "documents[0].text"),
            ("[\"x\",{\"text\":1}]", InvalidType, "documents[1].text"),
            ("[{\"text\":null}]", InvalidType, "documents[0].text"),
            ("[{\"text\":\"\"}]", InvalidValue, "documents[0].text"),
            ("[{\"text\":\"x\",\"title\":\"y\"}]", Unknown, "documents[0].title"),
            ("[{\"text\":\"x\",\"text\":\"y\"}]", Duplicate, "documents[0].text"),
            ("[\"\\ud800\"]", InvalidValue, "documents[0]"),
            ($"[{texts}]", InvalidValue, "documents"),
        })
        {
            yield return new(RerankPath, $$"""{"model":"tiny-embed","query":"x","documents":{{documents}}}""", 400, code, param);
        }

        yield return new(RerankPath, """{"query":"x","documents":["y"]}""", 400, Missing, "model");
        yield return new(RerankPath, """{"model":1,"query":"x","documents":["y"]}""", 400, InvalidType, "model");
        yield return new(RerankPath, """{"model":"tiny-embed","documents":["y"]}""", 400, Missing, "query");
        yield return new(RerankPath, """{"model":"tiny-embed","query":null,"documents":["y"]}""", 400, Missing, "query");
        yield return new(RerankPath, """{"model":"tiny-embed","query":1,"documents":["y"]}""", 400, InvalidType, "query");
        yield return new(RerankPath, """{"model":"tiny-embed","query":["x"],"documents":["y"]}""", 400, InvalidType, "query");
        yield return new(RerankPath, """{"model":"tiny-embed","query":"","documents":["y"]}""", 400, InvalidValue, "query");
        yield return new(RerankPath, """{"model":"tiny-embed","query":"x"}""", 400, Missing, "documents");
    }

    private static IEnumerable<BadRequest> Embeddings()
    {
        var texts = string.Join(',', Enumerable.Repeat("\"x\"", 2049));
        var tokens = string.Join(',', Enumerable.Repeat("1", 2049));
        yield return Embedding("\"encoding_format\":\"int8\"", InvalidValue, "encoding_format");
        yield return Embedding("\"encoding_format\":1", InvalidType, "encoding_format");
        yield return Embedding("\"dimensions\":0", InvalidValue, "dimensions");
        yield return Embedding("\"dimensions\":1.5", InvalidType, "dimensions");
        yield return Embedding("\"dimensions\":\"8\"", InvalidType, "dimensions");
        yield return Embedding("\"dimensions\":2147483648", InvalidValue, "dimensions");
        yield return Embedding("\"dimensions\":-1", InvalidValue, "dimensions");
        yield return Embedding("\"dimensions\":[8]", InvalidType, "dimensions");
        yield return Embedding("\"input_type\":\"image\"", InvalidValue, "input_type");
        yield return Embedding("\"input_type\":1", InvalidType, "input_type");
        yield return Embedding("\"input_type\":[\"query\"]", InvalidType, "input_type");
        yield return Embedding("\"user\":1", InvalidType, "user");
        yield return Embedding("\"stream\":true", Unknown, "stream");
        yield return new(EmbeddingPath, """{"input":"Once"}""", 400, Missing, "model");
        yield return new(EmbeddingPath, """{"model":null,"input":"Once"}""", 400, Missing, "model");
        yield return new(EmbeddingPath, """{"model":"tiny-embed"}""", 400, Missing, "input");
        yield return new(EmbeddingPath, """{"model":"tiny-embed","input":""}""", 400, InvalidValue, "input");
        yield return new(EmbeddingPath, """{"model":"tiny-embed","input":["a",""]}""", 400, InvalidValue, "input[1]");
        yield return new(EmbeddingPath, $$"""{"model":"tiny-embed","input":[{{texts}}]}""", 400, InvalidValue, "input");
        yield return new(EmbeddingPath, $$"""{"model":"tiny-embed","input":[{{tokens}}]}""", 400, InvalidValue, "input");
        yield return new(EmbeddingPath, $$"""{"model":"tiny-embed","input":[[1],[{{tokens}}]]}""", 400, InvalidValue, "input[1]");
        foreach (var request in Prompts(EmbeddingPath, "input"))
        {
            yield return request;
        }
    }
}
