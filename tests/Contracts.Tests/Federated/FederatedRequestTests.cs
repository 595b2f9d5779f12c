using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.Federated;

public sealed class FederatedRequestTests
{
    [Fact]
    public void A_small_body_gets_the_defaults_and_labels_in_order()
    {
        Assert.True(FederatedRequest.TryParse(Bytes(_ => { }), out var request, out var error), error?.Message);

        Assert.Equal(["bad", "good"], request.Task.Labels);
        Assert.Equal((10, 11, 3, 24 * 3600), (request.Task.Rounds, request.Task.LastRound, request.Task.Minimum, request.JoinSeconds));
        Assert.Equal((2 * 33, 4), (request.Task.NumbersOf(1), request.Task.NumbersOf(11)));
    }

    [Theory]
    [InlineData("minimum", "2", "minimum")]
    [InlineData("minimum", "5", "minimum")]
    [InlineData("rounds", "0", "rounds")]
    [InlineData("noise_multiplier", "-1", "noise_multiplier")]
    [InlineData("delta", "1", "delta")]
    [InlineData("labels", "[\"a\"]", "labels")]
    [InlineData("labels", "[\"a\",\"a\"]", "labels[1]")]
    [InlineData("participants", "[]", "participants")]
    [InlineData("participants", "[{\"name\":\"a\",\"public_key\":\"AAAA\"}]", "participants[0].public_key")]
    [InlineData("participants", "[{\"name\":\"a\"}]", "participants[0].public_key")]
    [InlineData("base_model", "{\"name\":\"a\",\"width\":3}", "base_model.sha256")]
    [InlineData("base_model", "{\"name\":\"a\",\"sha256\":\"A\",\"width\":3}", "base_model.sha256")]
    [InlineData("hyperparameters", "{\"epochs\":3}", "hyperparameters.epochs")]
    [InlineData("hyperparameters", "{\"penalty\":-3}", "hyperparameters.penalty")]
    [InlineData("seed", "3", "seed")]
    public void A_wrong_member_is_named(string member, string json, string named)
    {
        Assert.False(FederatedRequest.TryParse(Bytes(body => body[member] = JsonNode.Parse(json)), out _, out var error));

        Assert.Equal((400, named), (error.Status, error.Param));
    }

    [Theory]
    [InlineData("base_model")]
    [InlineData("labels")]
    [InlineData("participants")]
    [InlineData("minimum")]
    public void A_missing_member_is_named(string member)
    {
        Assert.False(FederatedRequest.TryParse(Bytes(body => body.Remove(member)), out _, out var error));

        Assert.Equal(("missing_required_parameter", member), (error.Code, error.Param));
    }

    [Theory]
    [InlineData("\"participant\":0", "participant")]
    [InlineData("\"phase\":\"sums\"", "phase")]
    [InlineData("\"payload\":\"*\"", "payload")]
    [InlineData("\"x\":1", "x")]
    public void A_wrong_member_of_a_message_is_named(string member, string named)
    {
        Assert.False(FederatedMessageRequest.TryParse(Encoding.UTF8.GetBytes($"{{{member}}}"), out _, out var error));

        Assert.Equal((400, named), (error.Status, error.Param));
    }

    [Fact]
    public void A_vector_above_the_most_numbers_is_refused()
    {
        var labels = new JsonArray([.. Enumerable.Range(0, 60).Select(i => (JsonNode)$"label {i}")]);

        Assert.False(FederatedRequest.TryParse(
            Bytes(body => (body["labels"], body["base_model"]!["width"]) = (labels, 384)), out _, out var error));
        Assert.Contains("at most 42 labels", error.Message, StringComparison.Ordinal); // 16,384 / 385
    }

    private static byte[] Bytes(Action<JsonObject> change)
    {
        var body = new JsonObject
        {
            ["base_model"] = new JsonObject { ["name"] = "m", ["sha256"] = new string('a', 64), ["width"] = 32 },
            ["labels"] = new JsonArray("good", "bad"),
            ["minimum"] = 3,
            ["participants"] = new JsonArray(
            [
                .. Enumerable.Range(1, 4).Select(number =>
                {
                    using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                    return (JsonNode)new JsonObject
                    {
                        ["name"] = $"p{number}", ["public_key"] = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()),
                    };
                }),
            ]),
        };
        change(body);
        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }
}
