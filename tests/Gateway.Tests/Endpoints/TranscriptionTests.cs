using System.Net;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>Recordings on the way from the key to the usage row.</summary>
public sealed class TranscriptionTests(TranscriptionTests.Bench bench) : IClassFixture<TranscriptionTests.Bench>
{
    private const string Path = "/v1/audio/transcriptions";
    private static readonly Units TwoSeconds = new(0, AudioMs: 2_000);

    private GatewayUnderTest Gateway => bench.Gateway;

    [Fact]
    public async Task A_recording_is_held_and_billed_by_the_second()
    {
        var key = await Gateway.CreateKeyAsync();

        using var response = await PostAsync(key, Wav(8_001)); // 1.0001 s at 8 kHz

        Assert.Equal("""{"text":"hi"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        var row = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.Completed, TwoSeconds, "tiny-whisper"), (row.Outcome, row.Units, row.Model));
        Assert.Equal("audio.transcriptions", row.Endpoint);
        var call = Assert.Single(Gateway.Worker.Calls, call => call.Head.Contains($"{row.RequestId:N}", StringComparison.Ordinal));
        Assert.Contains($"{WorkerHeaders.Bound}: {TwoSeconds}", call.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("srt")]
    [InlineData("vtt")]
    public async Task Plain_text_is_answered_and_replayed_as_such(string format)
    {
        var key = await Gateway.CreateKeyAsync();
        var idempotencyKey = Guid.NewGuid().ToString();

        using var first = await PostAsync(key, Wav(8_001), idempotencyKey, ("response_format", format));
        using var second = await PostAsync(key, Wav(8_001), idempotencyKey, ("response_format", format));

        Assert.Equal("true", second.Headers.GetValues("idempotency-replayed").Single());
        Assert.All((HttpResponseMessage[])[first, second], answer =>
            Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString()));
    }

    [Fact]
    public async Task A_streams_ids_count_the_audio_that_it_is_billed_for()
    {
        var key = await Gateway.CreateKeyAsync();

        using var response = await PostAsync(key, Wav(8_001), fields: ("stream", "true"));

        Assert.Equal(
            "id: 2000\ndata: {\"type\":\"transcript.text.delta\",\"delta\":\"hi\"}\n\n"
            + "id: 2000\ndata: {\"type\":\"transcript.text.done\",\"text\":\"hi\"}\n\nid: 2000\ndata: [DONE]\n\n",
            await response.Content.ReadAsStringAsync());
        var row = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.Completed, TwoSeconds, true), (row.Outcome, row.Units, row.Streamed));
    }

    [Fact]
    public async Task A_stream_that_breaks_off_after_its_first_text_is_billed()
    {
        var key = await Gateway.CreateKeyAsync();

        using var response = await PostAsync(key, Wav(8_001), fields: [("stream", "true"), ("prompt", "break off")]);

        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("transcript.text.delta", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        var row = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.FailedAfterFirstToken, TwoSeconds), (row.Outcome, row.Units));
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_never_reaches_a_worker()
    {
        var key = await Gateway.CreateKeyAsync();
        var random = new Random(4);
        for (var round = 0; round < 40; round++)
        {
            var file = Wav(8_001);
            random.NextBytes(file.AsSpan(0, 12));
            var calls = Gateway.Worker.Calls.Count;

            using var response = await PostAsync(key, file);

            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Equal("file", JsonElement.Parse(await response.Content.ReadAsByteArrayAsync())
                .GetProperty("error").GetProperty("param").GetString());
            Assert.Equal(calls, Gateway.Worker.Calls.Count);
        }
    }

    private async Task<HttpResponseMessage> PostAsync(
        TestKey key, byte[] file, string? idempotencyKey = null, params (string Name, string Value)[] fields)
    {
        using var form = new MultipartFormDataContent { { new StringContent("tiny-whisper"), "model" } };
        form.Add(new ByteArrayContent(file), "file", "a.wav");
        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = form, Headers = { Authorization = key.Bearer } };
        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        return await Gateway.Http.SendAsync(request);
    }

    /// <summary>A WAV of 8 bits at 8 kHz.</summary>
    private static byte[] Wav(int frames)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write("RIFF"u8);
        writer.Write(36 + frames);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(8_000);
        writer.Write(8_000);
        writer.Write((short)1);
        writer.Write((short)8);
        writer.Write("data"u8);
        writer.Write(frames);
        writer.Write(new byte[frames]);
        return bytes.ToArray();
    }

    /// <summary>A gateway before a worker with a speech model.</summary>
    public sealed class Bench : IAsyncLifetime
    {
        internal GatewayUnderTest Gateway { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Gateway = await GatewayUnderTest.StartAsync();
            Gateway.Plane.Prices.Publish(new PriceSnapshot(
            [
                new ModelPrice(
                    "tiny-whisper", new Guid("0195aaaa-0000-7000-8000-000000000003"), DateTimeOffset.UnixEpoch, null,
                    default(UnitPrices) with { AudioMs = 100_000 }),
            ]));
            var card = new ModelCard
            {
                Name = "tiny-whisper",
                Version = "1",
                Task = ModelTask.Transcription.Name,
                ContextLength = 448,
                DefaultMaxOutput = 0,
                CreatedAt = DateTimeOffset.UnixEpoch,
            };
            Gateway.Worker.Status = Gateway.Worker.Status with
            {
                Models = [.. Gateway.Worker.Status.Models, new ServedModel(card, true, 0, 0, 0)],
            };
            Gateway.Worker.Script = AnswerAsync;
            await Testing.Until.TrueAsync(
                async () =>
                {
                    var key = await Gateway.CreateKeyAsync();
                    using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models/tiny-whisper")
                    {
                        Headers = { Authorization = key.Bearer },
                    };
                    using var response = await Gateway.Http.SendAsync(request);
                    return response.IsSuccessStatusCode;
                },
                "the speech model");
        }

        public async Task DisposeAsync() => await Gateway.DisposeAsync();

        private static async Task AnswerAsync(WorkerCall call)
        {
            if (!call.Body.Contains("name=stream", StringComparison.Ordinal))
            {
                await call.AnswerAsync("""{"text":"hi"}""", TwoSeconds);
                return;
            }

            await call.StartStreamAsync(TwoSeconds);
            await call.ChunkAsync("id: 2000\ndata: {\"type\":\"transcript.text.delta\",\"delta\":\"hi\"}\n\n");
            if (call.Body.Contains("break off", StringComparison.Ordinal))
            {
                await call.EndAsync(); // Without the last event; a reset could lose the first one too.
                return;
            }

            await call.ChunkAsync("id: 2000\ndata: {\"type\":\"transcript.text.done\",\"text\":\"hi\"}\n\nid: 2000\ndata: [DONE]\n\n");
            await call.EndAsync();
        }
    }
}
