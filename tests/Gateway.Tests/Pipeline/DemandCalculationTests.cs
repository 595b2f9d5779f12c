using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Pipeline;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Pipeline;

public sealed class DemandCalculationTests
{
    // Context 512, default output 64, template 8 + 5 a message, 3 for each raw text.
    private static readonly ModelCard Card = ScriptedWorker.StatusOf("a").Models[0].Card;
    private static readonly ModelPrice Price = new("tiny-assistant", Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, default);

    [Fact]
    public void Calculate_bounds_a_chat_by_its_bytes_its_template_and_its_cap()
    {
        var demand = Calculate(Chat("""{"model":"m","messages":[{"role":"user","content":"Grüße"}],"max_tokens":10,"n":3}"""), Card, Price);

        Assert.Equal(new Units(7 + 8 + 5, Output: 30), demand.Bound); // "Grüße" has 7 bytes.
        Assert.Equal(2 + 3 + 30, demand.RateTokens); // 7 bytes ÷ 4, rounded up; 3 for the message.
    }

    [Fact]
    public void Calculate_takes_the_models_default_where_the_client_named_no_cap()
    {
        var demand = Calculate(Chat("""{"model":"m","messages":[{"role":"user","content":"Hi"}]}"""), Card, Price);

        Assert.Equal(64, demand.Bound.Output);
    }

    [Fact]
    public void Calculate_never_holds_more_than_the_context()
    {
        var text = new string('x', 10_000);

        var demand = Calculate(
            Chat($$"""{"model":"m","messages":[{"role":"user","content":"{{text}}"}],"max_tokens":9999}"""), Card, Price);

        Assert.Equal(new Units(512, Output: 512), demand.Bound);
    }

    [Fact]
    public void Calculate_counts_token_ids_exactly_and_multiplies_by_prompts_and_candidates()
    {
        Assert.True(CompletionRequest.TryParse(
            Encoding.UTF8.GetBytes("""{"model":"m","prompt":[[1,2,3],[4,5]],"max_tokens":4,"n":2,"best_of":3}"""), out var request, out _));

        var demand = Calculate(request, Card, Price);

        Assert.Equal(new Units(5, Output: 2 * 3 * 4), demand.Bound);
        Assert.Equal(5 + 24, demand.RateTokens);
    }

    [Fact]
    public void Calculate_adds_the_special_tokens_of_each_text()
    {
        Assert.True(CompletionRequest.TryParse(
            Encoding.UTF8.GetBytes("""{"model":"m","prompt":["ab","c"],"max_tokens":4}"""), out var request, out _));

        var demand = Calculate(request, Card, Price);

        Assert.Equal(new Units(3 + (2 * 3), Output: 2 * 4), demand.Bound);
    }

    /// <summary>1,000 bytes and a frame of 3; of 512 tokens 509 are left for a part, which makes two parts.</summary>
    [Theory]
    [InlineData("error", 512)]
    [InlineData("cut", 512)]
    [InlineData("windows", 1003 + (2 * 3))]
    public void Calculate_bounds_a_text_that_is_read_in_parts_by_all_of_them(string truncation, long expected)
    {
        var card = Card with { Measure = new PromptMeasure(1, TextTokens: 3, IdTokens: 3, Chat: null) };
        var body = $$"""{"model":"m","input":"{{new string('x', 1000)}}","truncation":"{{truncation}}"}""";
        Assert.True(ClassificationRequest.TryParse(Encoding.UTF8.GetBytes(body), out var request, out _));

        Assert.Equal(expected, Calculate(request, card, Price).Bound.Input);
    }

    /// <summary>4 bytes and two frames of 3, read once, and 3 times for each step or once more.</summary>
    [Theory]
    [InlineData("false", 10)]
    [InlineData("true", 10 * (1 + (3 * 129)))]
    [InlineData("""{"steps":17}""", 10 * (1 + (3 * 17)))]
    [InlineData("""{"method":"linear"}""", 10 * 2)]
    public void Calculate_bounds_a_classification_with_what_its_explanation_reads_at_most(string explain, long expected)
    {
        var card = Card with { Measure = new PromptMeasure(1, TextTokens: 3, IdTokens: 3, Chat: null) };
        Assert.True(ClassificationRequest.TryParse(
            Encoding.UTF8.GetBytes($$"""{"model":"m","input":["ab","cd"],"explain":{{explain}}}"""), out var request, out _));
        Assert.True(PredictRequest.TryParse(
            Encoding.UTF8.GetBytes($$"""{"model":"m","data":["ab","cd"],"explain":{{explain}}}"""), null, out var prediction, out _));

        Assert.Equal(expected, Calculate(request, card, Price).Bound.Input);
        Assert.Equal(expected, Calculate(prediction, card, Price).Bound.Input);
    }

    [Theory]
    [InlineData("""{"model":"m","input":["ab","cd"]}""", 4 + 6)]
    [InlineData("""{"model":"m","input":[[7592],[7592]]}""", 2 + 6)]
    public void Calculate_adds_what_frames_each_input_of_an_embedding_text_or_ids(string body, long expected)
    {
        var card = Card with { Measure = new PromptMeasure(1, TextTokens: 3, IdTokens: 3, Chat: null) };
        Assert.True(EmbeddingRequest.TryParse(Encoding.UTF8.GetBytes(body), out var request, out _));

        Assert.Equal(expected, Calculate(request, card, Price).Bound.Input);
    }

    [Fact]
    public void Calculate_takes_the_context_as_the_bound_of_a_model_that_was_not_measured()
    {
        var request = Chat("""{"model":"m","messages":[{"role":"user","content":"Hi"}]}""");

        Assert.Equal(512, Calculate(request, Card with { Measure = null }, Price).Bound.Input);
    }

    [Fact]
    public void Calculate_holds_no_output_for_embeddings()
    {
        Assert.True(EmbeddingRequest.TryParse("""{"model":"m","input":["ab","cd"]}"""u8.ToArray(), out var request, out _));

        Assert.Equal(0, Calculate(request, Card, Price).Bound.Output);
    }

    [Fact]
    public void Calculate_holds_each_picture_of_a_classification_and_no_token()
    {
        var image = Convert.ToBase64String(PictureBytes.Gif);
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","image":["{{image}}","{{image}}"]}""");
        Assert.True(ImageClassificationRequest.TryParse(body, out var request, out _));

        Assert.Equal(new Units(0, Images: 2, Pixels: 12), Calculate(request, Card with { ContextLength = 0, Measure = null }, Price).Bound);
    }

    [Fact]
    public void Calculate_adds_what_a_request_bounds_of_audio_and_pictures()
    {
        var request = new PictureRequest { Model = "m", Size = new PromptSize(2, 0, 0, 1), Edits = default };

        Assert.Equal(new Units(2 + 3, Images: 1, Pixels: 640 * 480), Calculate(request, Card, Price).Bound);
    }

    private static Demand Calculate(InferenceRequest request, ModelCard card, ModelPrice price) =>
        DemandCalculation.Calculate("chat.completions", request, card, price);

    private static ChatRequest Chat(string json)
    {
        Assert.True(ChatRequest.TryParse(Encoding.UTF8.GetBytes(json), out var request, out var error), error?.Message);
        return request!;
    }

    private sealed record PictureRequest : InferenceRequest
    {
        public override bool Generates => false;

        public override Units Media => new(0, Images: 1, Pixels: 640 * 480);
    }
}
