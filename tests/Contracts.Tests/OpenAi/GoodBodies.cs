using FsCheck;
using FsCheck.Fluent;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

/// <summary>Random bodies that parse: any choice of members in any order, with white space anywhere.</summary>
internal static class GoodBodies
{
    private static readonly string[] Shared =
    [
        "\"temperature\":0.7", "\"top_p\":1", "\"n\":2", "\"seed\":5", "\"stop\":[\"x\",\"]}\"]", "\"presence_penalty\":null",
        "\"logit_bias\":{\"1\":-1}", "\"user\":\"\\\"model\\\":\\\"z\\\"\"", "\"max_tokens\":77",
    ];

    public static Gen<string> Of(string path)
    {
        var (required, optional) = path switch
        {
            BadRequests.ChatPath => (
                new[] { """ "messages":[{"role":"user","content":"{\"max_tokens\":1}é你😀"}]""", "\"model\":\"a\"" },
                Shared.Append("\"max_completion_tokens\":77").Append("\"metadata\":{\"model\":\"z\"}").ToArray()),
            BadRequests.CompletionPath =>
                (["\"prompt\":[\"a\",\"b\"]", "\"model\" : \"a\""], [.. Shared, "\"echo\":true", "\"logprobs\":2"]),
            BadRequests.ResponsePath => (
                [""" "input":[{"role":"user","content":"{\"input\":1}"}]""", "\"model\":\"a\""],
                ["\"user\":\"u\"", "\"max_output_tokens\":77", "\"store\":null", "\"metadata\":{\"model\":\"z\"}", "\"seed\":5"]),
            BadRequests.RerankPath => (["\"query\":\"a}\"", "\"documents\":[\"]\",{\"text\":\"model\"}]", "\"model\":\"a\""],
                ["\"user\":\"u\"", "\"top_n\":5", "\"return_documents\":false", "\"relevant_spans\":false", "\"priority\":7"]),
            BadRequests.ClassificationPath => (["\"input\":[\"a\",\"}\"]", "\"model\":\"a\""],
                ["\"user\":\"u\"", "\"top_n\":5", "\"explain\":{\"label\":\"model\"}"]),
            BadRequests.PredictPath => (["\"data\":[\"a\",\"b\"]"], ["\"model\":\"a\"", "\"explain\":true"]),
            BadRequests.ModerationPath => (["\"input\":[{\"type\":\"text\",\"text\":\"a\"}]"], ["\"model\":null"]),
            BadMessagesRequests.Path => (
                [""" "messages":[{"role":"user","content":"{\"max_tokens\":1}é你😀"}]""", "\"max_tokens\" : 77", "\"model\":\"a\""],
                ["\"system\":\"model\"", "\"stop_sequences\":[\"]}\"]", "\"temperature\":0.5",
                    "\"metadata\":{\"user_id\":\"max_tokens\"}"]),
            _ => (["\"input\":[[1,2],[3]]", "\"model\":\"\\u0061\""],
                ["\"user\":\"u\"", "\"dimensions\":5", "\"input_type\":\"query\"", "\"encoding_format\":\"base64\""]),
        };
        return
            from chosen in Gen.SubListOf(optional)
            from members in Gen.Shuffle(chosen.Concat(required))
            from space in Gen.Elements("", " ", "\n\t", "\r\n   ")
            select $"{space}{{{space}{string.Join($"{space},{space}", members)}{space}}}{space}";
    }
}
