using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Federated;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Relays;

/// <summary>Federated trainings through the gateway: the owner's scope and the participants' are apart.</summary>
public sealed class FederatedRelayTests(RelayFixture relay) : IClassFixture<RelayFixture>
{
    private const string Trainings = "/v1/fine_tuning/federated";

    private GatewayUnderTest Gateway => relay.Gateway;

    [Fact]
    public async Task A_participants_key_joins_and_can_do_nothing_else()
    {
        var owner = await Gateway.CreateKeyAsync(key => key with { Scopes = ["fine_tuning"] });
        var participant = await Gateway.CreateKeyAsync(key => key with
        {
            OrganizationId = owner.Record.OrganizationId, ProjectId = owner.Record.ProjectId, Scopes = ["federated"],
        });
        var other = await Gateway.CreateKeyAsync();
        var keys = Enumerable.Range(0, 3).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256)).ToArray();

        using var forbidden = await SendAsync(participant, HttpMethod.Post, Trainings, Order(keys));
        using var made = await SendAsync(owner, HttpMethod.Post, Trainings, Order(keys));
        var job = JsonElement.Parse(await made.Content.ReadAsStringAsync());
        var path = $"{Trainings}/{job.GetProperty("id").GetString()}";
        using var shown = await SendAsync(participant, HttpMethod.Get, $"{path}/round?participant=2");
        using var cancel = await SendAsync(participant, HttpMethod.Post, $"{path}/cancel");
        using var round = await SendAsync(owner, HttpMethod.Get, $"{path}/round?participant=2");
        using var stranger = await SendAsync(other, HttpMethod.Get, $"{path}/round?participant=2");
        var message = RoundContext.BeforeRounds(job.GetProperty("task_sha256").GetString()!).Sign(2, FederatedPhase.Join, [], keys[1]);
        using var joined = await SendAsync(
            participant, HttpMethod.Post, $"{path}/messages", JsonSerializer.Serialize(message, FederatedJson.Default.FederatedMessage));
        using var result = await SendAsync(owner, HttpMethod.Get, $"{path}/result");

        await ErrorTests.AssertErrorAsync(forbidden, 403, "missing_scope");
        await ErrorTests.AssertErrorAsync(cancel, 403, "missing_scope");
        await ErrorTests.AssertErrorAsync(round, 403, "missing_scope");
        await ErrorTests.AssertErrorAsync(stranger, 404, null);
        await ErrorTests.AssertErrorAsync(result, 400, "federated_job_not_succeeded");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK), (made.StatusCode, shown.StatusCode, joined.StatusCode));
        Assert.True(joined.Headers.Contains("x-ratelimit-remaining-requests")); // A message counts as a request.
        Assert.False(shown.Headers.Contains("x-ratelimit-remaining-requests"));
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "/fed-x")]
    [InlineData("POST", "/fed-x/cancel")]
    [InlineData("GET", "/fed-x/result")]
    [InlineData("GET", "/fed-x/round")]
    [InlineData("POST", "/fed-x/messages")]
    public async Task A_route_without_a_key_is_refused(string method, string path)
    {
        using var response = await SendAsync(null, new HttpMethod(method), Trainings + path);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private static string Order(ECDsa[] keys) => new JsonObject
    {
        ["base_model"] = new JsonObject { ["name"] = "m", ["sha256"] = new string('a', 64), ["width"] = 4 },
        ["labels"] = new JsonArray("a", "b"),
        ["minimum"] = 3,
        ["participants"] = new JsonArray(
        [
            .. keys.Select((key, place) => (JsonNode)new JsonObject
            {
                ["name"] = $"p{place}", ["public_key"] = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()),
            }),
        ]),
    }.ToJsonString();

    private async Task<HttpResponseMessage> SendAsync(TestKey? key, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
        {
            request.Content = new StringContent(body ?? "{}", Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Text);
        }

        return await Gateway.Http.SendAsync(request);
    }
}
