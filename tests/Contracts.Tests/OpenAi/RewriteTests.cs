using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Tollgate.Contracts.OpenAi;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class RewriteTests
{
    [Theory]
    [InlineData("""{"model":"a","messages":[{"role":"user","content":"Hi"}]}""",
        """{"max_completion_tokens":7,"model":"b","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("""{ "max_tokens" : 5 , "messages":[{"role":"user","content":"Hi"}] , "model" : "\u0061" }""",
        """{ "max_tokens" : 7 , "messages":[{"role":"user","content":"Hi"}] , "model" : "b" }""")]
    [InlineData("""{"max_completion_tokens":123456,"model":"a","max_tokens":123456,"messages":[{"role":"user","content":"Hi"}]}""",
        """{"max_completion_tokens":7,"model":"b","max_tokens":7,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("""{"max_completion_tokens":null,"model":"a","messages":[{"role":"user","content":"Hi"}]}""",
        """{"max_completion_tokens":7,"model":"b","messages":[{"role":"user","content":"Hi"}]}""")]
    public void Rewrite_changes_the_model_and_the_cap_of_a_chat_and_nothing_else(string body, string expected) =>
        Assert.Equal(expected, Rewrite(BadRequests.ChatPath, body, "b", 7));

    [Theory]
    [InlineData("""{"prompt":"x","model":"a"}""", """{"max_tokens":7,"prompt":"x","model":"b"}""")]
    [InlineData("""{"max_tokens":0,"prompt":"x","model":"a"}""", """{"max_tokens":7,"prompt":"x","model":"b"}""")]
    public void Rewrite_changes_the_model_and_the_cap_of_a_completion_and_nothing_else(string body, string expected) =>
        Assert.Equal(expected, Rewrite(BadRequests.CompletionPath, body, "b", 7));

    [Fact]
    public void Rewrite_changes_the_model_alone_of_an_embedding() =>
        Assert.Equal("""{"input":"x","model":"b"}""", Rewrite(BadRequests.EmbeddingPath, """{"input":"x","model":"a"}""", "b", 7));

    [Theory]
    [InlineData(BadRequests.PredictPath, """{"data":"x"}""", """{"model":"b","data":"x"}""")]
    [InlineData(BadRequests.PredictPath, """{"data":"x","model":null}""", """{"data":"x","model":"b"}""")]
    [InlineData(BadRequests.PredictPath, """{"model":"a","data":"x"}""", """{"model":"b","data":"x"}""")]
    [InlineData(BadRequests.ModerationPath, """{"input":["x"]}""", """{"model":"b","input":["x"]}""")]
    [InlineData(BadRequests.ModerationPath, """{"model":null,"input":["x"]}""", """{"model":"b","input":["x"]}""")]
    public void Rewrite_adds_the_model_of_a_request_that_names_none(string path, string body, string expected) =>
        Assert.Equal(expected, Rewrite(path, body, "b", 7));

    [Theory]
    [InlineData("""{"prompt":"x"}""", """{"model":"b","max_tokens":7,"prompt":"x"}""")]
    [InlineData("""{"prompt":"x","model":null}""", """{"max_tokens":7,"prompt":"x","model":"b"}""")]
    public void Rewrite_adds_the_model_that_only_the_path_names(string body, string expected)
    {
        var utf8 = Encoding.UTF8.GetBytes(body);

        Assert.True(CompletionRequest.TryParse(utf8, "davinci", out var completion, out _));

        Assert.Equal(expected, Encoding.UTF8.GetString(completion.Rewrite(utf8, "b", 7)));
    }

    [Fact]
    public void Rewrite_gives_a_request_that_differs_in_model_and_cap_alone()
    {
        var bodies =
            from path in Gen.Elements(
                BadRequests.ChatPath, BadRequests.CompletionPath, BadRequests.EmbeddingPath, BadRequests.ResponsePath,
                BadRequests.RerankPath, BadRequests.ClassificationPath, BadRequests.PredictPath, BadRequests.ModerationPath,
                BadMessagesRequests.Path)
            from body in GoodBodies.Of(path)
            from model in Gen.Elements("b", "模型 \"x\"\\", new string('m', 200))
            from cap in Gen.Choose(1, int.MaxValue)
            select (path, body, model, cap);

        Prop.ForAll(bodies.ToArbitrary(), sample =>
        {
            var utf8 = Encoding.UTF8.GetBytes(sample.body);
            var before = Parse.Body(sample.path, utf8).Request;
            Assert.NotNull(before);

            var after = Parse.Body(sample.path, before.Rewrite(utf8, sample.model, sample.cap)).Request;

            Assert.NotNull(after);
            var expected = Members(before);
            expected["Model"] = sample.model;
            if (expected["Sampling"] is { } sampling)
            {
                sampling["MaxTokens"] = sample.cap;
                expected["MaxOutput"] = sample.cap;
            }

            Assert.Equal(expected.ToJsonString(), Members(after).ToJsonString());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    private static string Rewrite(string path, string body, string model, long cap)
    {
        var utf8 = Encoding.UTF8.GetBytes(body);
        return Encoding.UTF8.GetString(Parse.Body(path, utf8).Request!.Rewrite(utf8, model, cap));
    }

    private static JsonObject Members(InferenceRequest request)
    {
        var members = JsonSerializer.SerializeToNode(request, request.GetType())!.AsObject();
        members.Remove(nameof(InferenceRequest.Edits));
        return members;
    }
}
