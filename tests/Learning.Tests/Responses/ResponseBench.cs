using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Tests.Responses;

/// <summary>Keeps and reads responses as a gateway does.</summary>
internal sealed class ResponseBench(LearningFixture learning, HttpClient? http = null)
{
    public FileCaller Caller { get; init; } = LearningFixture.NewCaller();

    public static string NewId() => $"resp_{Guid.NewGuid():N}";

    /// <summary>The id as the table has it.</summary>
    public static Guid Row(string id) => Guid.ParseExact(id["resp_".Length..], "N");

    /// <summary>A response with one message in and one out, whose ids begin with the texts.</summary>
    public static string Content(string id, string question, string answer, string? previous = null, string? more = null) =>
        $$$"""
        {"input":[{{{Message($"msg_{question}", "user", "input_text", question)}}}],"response":{"id":"{{{id}}}","object":"response",
        "created_at":1790000000,"status":"completed","model":"tiny-assistant",
        "output":[{{{Message($"msg_{answer}", "assistant", "output_text", answer)}}}],
        "previous_response_id":{{{(previous is null ? "null" : $"\"{previous}\"")}}}{{{more}}}
        }}
        """;

    public static string Message(string id, string role, string type, string text) =>
        $$"""{"id":"{{id}}","type":"message","role":"{{role}}","content":[{"type":"{{type}}","text":"{{text}}"}]}""";

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null) =>
        learning.SendAsync(Caller, method, path, content, http);

    public Task<HttpResponseMessage> PutAsync(string id, string content) => SendAsync(
        HttpMethod.Put, $"/internal/responses/{id}", new StringContent(content, Encoding.UTF8, "application/json"));

    /// <summary>Keeps a response with one message in and one out, and returns its id.</summary>
    public async Task<string> KeepAsync(string question, string answer, string? previous = null)
    {
        var id = NewId();
        using var response = await PutAsync(id, Content(id, question, answer, previous));
        Assert.Equal(204, (int)response.StatusCode);
        return id;
    }

    public Task<HttpResponseMessage> RetrieveAsync(string id, string query = "") =>
        SendAsync(HttpMethod.Get, $"/v1/responses/{id}{query}");

    public async Task DeleteAsync(string id)
    {
        using var response = await SendAsync(HttpMethod.Delete, $"/v1/responses/{id}");
        Assert.Equal(200, (int)response.StatusCode);
    }

    public Task<HttpResponseMessage> ConverseAsync(string id) => SendAsync(HttpMethod.Get, $"/internal/responses/{id}/conversation");

    /// <summary>Ids of a conversation's items.</summary>
    public async Task<string[]> ReadConversationAsync(string id)
    {
        using var response = await ConverseAsync(id);
        return Ids((await LearningFixture.JsonAsync(response, 200)).GetProperty("items"));
    }

    public async Task<JsonElement> ListAsync(string id, string query = "")
    {
        using var response = await SendAsync(HttpMethod.Get, $"/v1/responses/{id}/input_items{query}");
        return await LearningFixture.JsonAsync(response, 200);
    }

    public static string[] Ids(JsonElement items) => [.. items.EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];

    /// <summary>Responses and bytes that count for the organization.</summary>
    public async Task<(long Responses, long Bytes)> CountAsync() => (
        await learning.ReadAsync<long>(
            "select coalesce(sum(responses), 0)::bigint from response_totals where organization_id = $1", Caller.OrganizationId),
        await learning.ReadAsync<long>(
            "select coalesce(sum(bytes), 0)::bigint from response_totals where organization_id = $1", Caller.OrganizationId));

    /// <summary>Whether two JSON texts say the same.</summary>
    public static bool AreSame(string one, string other) => JsonNode.DeepEquals(JsonNode.Parse(one), JsonNode.Parse(other));
}
