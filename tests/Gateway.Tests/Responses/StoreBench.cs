using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Responses;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Responses;

/// <summary>A key and the store of responses as the pipeline uses it for that key.</summary>
internal sealed class StoreBench(GatewayUnderTest gateway, TestKey key)
{
    public ResponseStore Store { get; } = gateway.App.Services.GetRequiredService<ResponseStore>();

    public static Guid NewId() => Guid.NewGuid();

    public static string NameOf(Guid id) => $"resp_{id:N}";

    /// <summary>The caller by what the gateway's memory holds.</summary>
    public async Task<Caller> CallerAsync()
    {
        var caller = await gateway.App.Services.GetRequiredService<Authenticator>().AuthenticateNamedAsync(key.Record.PublicId, default);
        return caller.Value!;
    }

    /// <summary>Keeps a response with one message in and one out.</summary>
    public async Task<bool> KeepAsync(Guid id, string question, string answer, Guid? previous = null)
    {
        var response = $$"""
            {"id":"{{NameOf(id)}}","object":"response","created_at":1790000000,"status":"completed","model":"tiny-assistant",
            "output":[{{Message(answer, "assistant")}}],
            "previous_response_id":{{(previous is { } link ? $"\"{NameOf(link)}\"" : "null")}},"store":true}
            """;
        return await Store.KeepAsync(
            await CallerAsync(), id, Encoding.UTF8.GetBytes($"[{Message(question, "user")}]"), Encoding.UTF8.GetBytes(response));
    }

    /// <summary>Publishes a policy that allows responses of the key's project to be kept, or forbids it.</summary>
    public Task AllowAsync(bool keeps) => gateway.PublishAsync(new OrganizationPolicy
    {
        OrganizationId = key.Record.OrganizationId,
        Version = GatewayUnderTest.NextVersion(),
        Suspended = false,
        Limits = Limits.None,
        Projects = new Dictionary<string, Limits>(),
        Models = new Dictionary<string, Limits>(),
        KeepNoResponses = keeps ? null : [key.Record.ProjectId.ToString("N")],
    });

    public Task<HttpResponseMessage> SendAsync(string method, string path) => gateway.Http.SendAsync(
        new HttpRequestMessage(new HttpMethod(method), path) { Headers = { Authorization = key.Bearer } });

    private static string Message(string text, string role) =>
        $$"""{"id":"msg_{{text}}","type":"message","role":"{{role}}","content":[{"type":"text","text":"{{text}}"}]}""";
}
