using System.Net;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.ModelCards;

/// <summary>What the page Models shows of each task: prices by its units, calls to try it, and where a missing one is to be had.</summary>
public sealed class ModelsPageTests(ModelsPageTests.Portal portal) : IClassFixture<ModelsPageTests.Portal>
{
    [Theory]
    [InlineData("chat", "/v1/chat/completions", "$0.00 input")]
    [InlineData("embeddings", "/v1/rerank", "$0.00 input")]
    [InlineData("classification", "/v1/predict?model=m", "$0.00 input")]
    [InlineData("image-classification", "-F image=@picture.jpg", "$0.001 per image, $0.002 per million pixels")]
    [InlineData("image-detection", "/v1/images/detections", "$0.001 per image, $0.002 per million pixels")]
    [InlineData("ocr", "/v1/images/ocr", "$0.001 per image, $0.002 per million pixels")]
    [InlineData("transcription", "-F file=@speech.wav", "$0.10 per 1,000 seconds")]
    [InlineData("image-generation", "/v1/images/generations", "$0.001 per image")]
    [InlineData("tensors", "/v2/models/m/infer", "$0.003 per request, $0.004 per million elements")]
    public async Task A_model_shows_its_prices_and_calls_that_use_it(string task, string call, string price)
    {
        Serve(task);

        var text = WebUtility.HtmlDecode((await portal.Operator.OpenAsync("/models")).Html);

        Assert.Contains(call, text, StringComparison.Ordinal);
        Assert.Contains(price, text, StringComparison.Ordinal);
        Assert.Equal(
            task is "chat" or "embeddings" or "classification", text.Contains("<dt>Context</dt>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_tells_how_its_numbers_are_held_and_how_far_it_is_from_its_source()
    {
        Serve("chat", card => card with
        {
            Precision = "int8",
            Parity = new ModelParity
            {
                Tokens = 128, Agreed = 122, Divergence = 0.00412, Perplexity = 25.123, SourcePerplexity = 25, WidestMargin = 0.2,
                Repeats = false,
            },
        });

        var text = WebUtility.HtmlDecode((await portal.Operator.OpenAsync("/models")).Html);

        Assert.Contains(
            "int8. At 122 of 128 places of a text it finds the same next token likeliest as its source.", text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_without_a_model_says_where_one_is_to_be_had()
    {
        Serve("embeddings");

        var text = WebUtility.HtmlDecode((await portal.Operator.OpenAsync("/models")).Html);

        var missing = text[text.IndexOf("id=\"missing\"", StringComparison.Ordinal)..];
        Assert.Contains(ModelSources.Command, missing, StringComparison.Ordinal);
        Assert.Contains(ModelSources.FolderOf(PublicEndpoint.AudioTranscriptions)!, missing, StringComparison.Ordinal);
        Assert.Contains(ModelSources.FolderOf(PublicEndpoint.Moderations)!, missing, StringComparison.Ordinal);
        Assert.DoesNotContain($"<dt>{PublicEndpoint.Rerank.Label}</dt>", missing, StringComparison.Ordinal); // A model of embeddings ranks.
        Assert.DoesNotContain($"<dt>{PublicEndpoint.Embeddings.Label}</dt>", missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aliases_that_requests_without_a_model_need_are_named_until_they_are_set()
    {
        Serve("embeddings");

        var text = WebUtility.HtmlDecode((await portal.Operator.OpenAsync("/admin/aliases")).Html);

        Assert.Contains(ModerationRequest.DefaultModel, text, StringComparison.Ordinal);
        Assert.Contains("moderation.json", text, StringComparison.Ordinal);
    }

    /// <summary>Lets a worker serve one model m of a task, with a price.</summary>
    private void Serve(string task, Func<ModelCard, ModelCard>? change = null)
    {
        var media = ModelTask.Find(task)!.Uses is var uses && uses != UnitSet.Input && uses != ModelTask.Chat.Uses;
        var card = new ModelCard
        {
            Name = "m", Version = "1", Task = task, ContextLength = media ? 0 : 512, DefaultMaxOutput = 0, Moderates = false,
            Tensors = task == "tensors"
                ? new TensorSignature([new TensorSpec("x", "FP32", [-1, 2], ["n", ""])], [new TensorSpec("y", "FP32", [-1], ["n"])], 1)
                : null,
        };
        var served = new ServedModel(change?.Invoke(card) ?? card, true, 0, 0, 0);
        var status = new WorkerStatus("w", "1", "cpu", false, DateTimeOffset.UnixEpoch, [served]);
        portal.Host.Responder.Fleet = new(DateTimeOffset.UnixEpoch, [new FleetWorker("http://w", true, status)]);
        portal.Host.Responder.Prices =
        [
            new ModelPrice("m", Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, new(
                0, 0, 0, 0, 100_000, 1_000_000_000, 2_000, Call: 3_000_000_000, Element: 4_000)),
        ];
    }

    /// <summary>One portal with an operator signed in.</summary>
    public sealed class Portal : IAsyncLifetime
    {
        internal AccountsHost Host { get; private set; } = null!;

        internal PortalBrowser Operator { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Host = await AccountsHost.StartAsync();
            Operator = await Host.BrowseAsOperatorAsync();
        }

        public async Task DisposeAsync()
        {
            Operator.Dispose();
            await Host.DisposeAsync();
        }
    }
}
