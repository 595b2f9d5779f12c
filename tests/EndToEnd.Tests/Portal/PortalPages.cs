using System.Net;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Tollgate.Accounts;
using Tollgate.EndToEnd.Tests.Clients;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>The pages of the portal, by the routes of its program, so that none is left out.</summary>
internal static partial class PortalPages
{
    private const string Model = "tiny-assistant";

    /// <summary>What some pages are asked about.</summary>
    private static readonly Dictionary<string, string> Queries = new(StringComparer.Ordinal)
    {
        ["/admin/aliases/remove"] = "?alias=gpt-3.5-turbo",
        ["/admin/prices/set"] = $"?Model={Model}&InputPerMillion=0.5&OutputPerMillion=1.5",
    };

    /// <summary>Paths of the pages for those who are signed in, or for all others.</summary>
    /// <param name="values">Values of the parameters of routes, by name.</param>
    /// <exception cref="KeyNotFoundException">A page has a parameter that has no value here.</exception>
    public static IReadOnlyList<string> PathsOf(bool signedIn, IReadOnlyDictionary<string, string> values) =>
    [
        .. typeof(AccountsApp).Assembly.GetTypes()
            .Where(type => type.GetCustomAttribute<AllowAnonymousAttribute>() is null == signedIn)
            .SelectMany(type => type.GetCustomAttributes<RouteAttribute>(), (_, route) => route.Template)
            .Select(route => Parameter().Replace(route, match => values[match.Groups["name"].Value]) + Queries.GetValueOrDefault(route))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Values for the pages of things that it makes: a file, a batch and a job. What needs a trained model shows that there is
    /// none.</summary>
    /// <param name="stage">What the other pages show.</param>
    /// <param name="keyId">A key of the visitor.</param>
    /// <param name="organizationId">An organization.</param>
    public static async Task<IReadOnlyDictionary<string, string>> MakeAsync(
        ApiClient client, PortalStage stage, string keyId, string organizationId)
    {
        var lines = Enumerable.Range(0, 20).Select(
            i => $$"""{"text":"It was a {{(i % 2 == 0 ? "good" : "bad")}} film.","label":"{{i % 2}}"}""");
        var examples = await UploadAsync(client, "fine-tune", string.Join('\n', lines));
        var requests = await UploadAsync(client, "batch", """
            {"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"tiny-embed","input":"Hello"}}
            """);
        var batch = await client.PostAsync("/v1/batches", new
        {
            input_file_id = requests, endpoint = "/v1/embeddings", completion_window = "24h",
        });
        var job = await client.PostAsync("/v1/fine_tuning/jobs", new { model = "lstm", training_file = examples });
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Name"] = Model, ["Model"] = Model, ["KeyId"] = keyId, ["OrganizationId"] = organizationId, ["FileId"] = examples,
            ["BatchId"] = IdOf(batch), ["JobId"] = IdOf(job), ["Code"] = "404", ["EntryNumber"] = "1", ["EntryId"] = "1",
            ["ProjectId"] = stage.ProjectId, ["UserId"] = stage.MemberId, ["AccountId"] = stage.ServiceAccountId,
            ["AdminKeyId"] = stage.AdminKeyId, ["MemberId"] = stage.MemberId, ["RoleId"] = stage.RoleId,
            ["InvitationId"] = stage.InvitationId, ["Token"] = stage.InvitationToken,
        };
    }

    private static async Task<string> UploadAsync(ApiClient client, string purpose, string text)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(purpose), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(text)), "file", $"{new string('w', 60)}.jsonl" }, // no place to break it
        };
        return IdOf(await client.SendAsync(HttpMethod.Post, "/v1/files", form));
    }

    private static string IdOf(ApiAnswer answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Json.GetProperty("id").GetString()!;
    }

    [GeneratedRegex(@"\{(?<name>\w+)(:\w+)?\}")]
    private static partial Regex Parameter();
}
