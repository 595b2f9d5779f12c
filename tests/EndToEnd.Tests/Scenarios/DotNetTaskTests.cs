using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.ServerSentEvents;
using System.Text.Json;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Embeddings;
using OpenAI.Images;
using Tollgate.Contracts.Metering;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The official OpenAI .NET client on recordings, pictures and shorter vectors.</summary>
[Collection(SharedTollgate.Name)]
public sealed class DotNetTaskTests(SharedTollgate shared)
{
    [SharedFact(ImportedModels.WhisperFolder)]
    public async Task A_recording_is_written_down_in_every_format()
    {
        var client = await AudioAsync();

        foreach (var format in (AudioTranscriptionFormat[])
            [AudioTranscriptionFormat.Simple, AudioTranscriptionFormat.Verbose, AudioTranscriptionFormat.Text, AudioTranscriptionFormat.Srt,
                AudioTranscriptionFormat.Vtt])
        {
            await using var recording = File.OpenRead(SharedFiles.At(Recordings.Jfk));
            var answer = await client.TranscribeAudioAsync(
                recording, "jfk.wav", new AudioTranscriptionOptions { ResponseFormat = format, Language = "en", Temperature = 0 });
            var row = await shared.Running.Books.OneAsync(RequestId(answer.GetRawResponse()));

            Assert.Equal((new Units(0, AudioMs: 11_000), 0.0011m), (row.Units, row.Amount));
            Assert.EndsWith("what you can do for your country.", answer.Value.Text.TrimEnd(), StringComparison.Ordinal);
            if (format == AudioTranscriptionFormat.Verbose)
            {
                Assert.Equal(TimeSpan.FromSeconds(11), answer.Value.Duration);
                Assert.Equal("english", answer.Value.Language);
                Assert.Equal(
                    Recordings.JfkWords, Recordings.Words(string.Concat(answer.Value.Segments.Select(segment => segment.Text))));
            }
        }
    }

    [SharedFact(ImportedModels.WhisperFolder)]
    public async Task A_translation_by_a_model_of_English_alone_is_refused()
    {
        var client = await AudioAsync();
        await using var recording = File.OpenRead(SharedFiles.At(Recordings.Jfk));

        var exception = await Assert.ThrowsAsync<ClientResultException>(() => client.TranslateAudioAsync(recording, "jfk.wav"));

        Assert.Equal(400, exception.Status);
        Assert.Contains("hears English alone", exception.Message, StringComparison.Ordinal);
    }

    [SharedFact(Recordings.Jfk)]
    public async Task A_recording_is_translated_by_a_model_of_several_languages_and_billed_by_the_second()
    {
        var client = Audio(await shared.Models.InterpreterAsync());

        // The model goes by the last token alone: where it is asked for no times, that is not the one that names the task.
        foreach (var (format, text) in ((AudioTranslationFormat, string)[])
            [(AudioTranslationFormat.Verbose, "hi"), (AudioTranslationFormat.Srt, "hi"), (AudioTranslationFormat.Simple, "né")])
        {
            await using var recording = File.OpenRead(SharedFiles.At(Recordings.Jfk));
            var answer = await client.TranslateAudioAsync(
                recording, "jfk.wav", new AudioTranslationOptions { ResponseFormat = format, Temperature = 0 });
            var row = await shared.Running.Books.OneAsync(RequestId(answer.GetRawResponse()));

            Assert.Contains(text, answer.Value.Text, StringComparison.Ordinal);
            Assert.Equal(("audio.translations", "interpreter", new Units(0, AudioMs: 11_000)), (row.Endpoint, row.Model, row.Units));
            Assert.Equal(0.00407m, row.Amount); // 11 × 0.37 ÷ 1,000
        }
    }

    [Fact]
    public async Task A_picture_is_drawn_and_billed()
    {
        var client = Images();

        var answer = await client.GenerateImageAsync(
            "a red house on green grass",
            new ImageGenerationOptions { Size = new GeneratedImageSize(64, 64), ResponseFormat = GeneratedImageFormat.Bytes });
        var row = await shared.Running.Books.OneAsync(RequestId(answer.GetRawResponse()));

        Assert.Equal("\x89PNG"u8.ToArray()[^3..], answer.Value.ImageBytes.ToArray()[1..4]);
        Assert.Equal((1L, 0.00204096m), (row.Units.Images, row.Amount));
    }

    [Fact]
    public async Task A_streamed_picture_comes_with_intermediate_ones()
    {
        var content = BinaryContent.Create(BinaryData.FromObjectAsJson(new
        {
            model = "tiny-painter", prompt = "a red house on green grass", stream = true, partial_images = 2, output_format = "jpeg",
        }));

        var answer = await Images().GenerateImagesAsync(content, new RequestOptions { BufferResponse = false });
        var types = new List<string>();
        await foreach (var item in SseParser.Create(answer.GetRawResponse().ContentStream!).EnumerateAsync())
        {
            if (item.Data != "[DONE]")
            {
                types.Add(item.EventType);
                var picture = JsonElement.Parse(item.Data).GetProperty("b64_json").GetBytesFromBase64();
                Assert.Equal([0xFF, 0xD8, 0xFF], picture[..3]);
            }
        }

        Assert.Equal(
            ["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"], types);
        var row = await shared.Running.Books.OneAsync(RequestId(answer.GetRawResponse()));
        Assert.Equal((1L, 0.00204096m, true), (row.Units.Images, row.Amount, row.Streamed));
    }

    [Fact]
    public async Task Vectors_have_as_many_dimensions_as_asked_or_are_refused()
    {
        var options = new EmbeddingGenerationOptions { Dimensions = 128 };
        var able = new EmbeddingClient(await shared.Models.MatryoshkaAsync(), Key, Options);
        var unable = new EmbeddingClient("tiny-embed", Key, Options);

        var answer = await able.GenerateEmbeddingAsync("My dog is ill", options);
        var exception = await Assert.ThrowsAsync<ClientResultException>(() => unable.GenerateEmbeddingAsync("My dog is ill", options));

        var vector = answer.Value.ToFloats().ToArray();
        Assert.Equal(128, vector.Length);
        Assert.Equal(1, vector.Sum(x => x * x), 1e-5);
        Assert.Equal(400, exception.Status);
        Assert.Contains("dimensions", exception.Message, StringComparison.Ordinal);
    }

    private AudioClient Audio(string model) => new(model, Key, Options);

    private ApiKeyCredential Key => new(shared.Running.FirstKey);

    private OpenAIClientOptions Options => new()
    {
        Endpoint = new Uri(shared.Running.Endpoints.ApiBase),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    };

    private async Task<AudioClient> AudioAsync() => Audio(await shared.Models.WhisperAsync());

    private ImageClient Images() => new("tiny-painter", Key, Options);

    private static Guid RequestId(PipelineResponse response) =>
        response.Headers.TryGetValue("x-request-id", out var id)
            ? RequestIds.Parse(id!) : throw new InvalidOperationException("No x-request-id.");
}
