using System.Text;
using System.Text.Json.Nodes;
using SkiaSharp;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Drawing;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

/// <summary>Stable Diffusion XL against ONNX Runtime in Node on the same graphs, from the import to the file.</summary>
public sealed class XlTests : IDisposable
{
    private const int Seed = 11;
    private const int Steps = 5;
    private const double Guidance = 4;
    private const int PixelTolerance = 2;

    // "A red house on green grass" and its last two words, between start 777 and end 778.
    private static readonly int[] House = [777, 264, 313, 380, 273, 299, 362, 778];
    private static readonly int[] Grass = [777, 299, 362, 778];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Pictures_equal_those_of_an_independent_runner()
    {
        var source = XlFolder.Write(_folder.File("source"));
        var repository = _folder.File("models");
        await ModelImport.RunAsync(source, "xl", repository, new(), progress: null, CancellationToken.None);
        await using var app = InferenceApp.Create(WorkerFixture.Arguments(repository, TestFolder.Create("worker")));
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        await WorkerFixture.WaitForModelAsync(gateway, "xl");
        (int Width, int Height)[] sizes = [(16, 16), (32, 16), (16, 32)];
        var ours = new List<byte[]>();
        foreach (var (width, height) in sizes)
        {
            ours.Add(await DrawAsync(gateway, width, height, negative: null));
        }

        ours.Add(await DrawAsync(gateway, 32, 16, negative: "green grass"));
        ours.Add(await DrawAsync(gateway, 32, 16, negative: null, guidance: 1));
        await app.StopAsync();

        var wide = Case(32, 16);
        var theirs = await NodeOracle.RunAsync("Tasks/Drawing/xl.mjs", new JsonObject
        {
            ["folder"] = source,
            ["cases"] = new JsonArray(
            [
                .. sizes.Select(size => Case(size.Width, size.Height)),
                Changed(wide, "unguided", new JsonObject { ["ids"] = Ids(Grass, 778), ["secondIds"] = Ids(Grass, 0) }),
                Changed(wide, "unguided", null),
                // What a wrong runner would draw.
                Changed(wide, "sizes", new JsonArray(32, 16, 0, 0, 32, 16)),
                Changed(wide, "pooled", false),
                Changed(wide, "secondIds", Ids(House, 778)),
            ]),
        });

        for (var i = 0; i < ours.Count; i++)
        {
            Assert.InRange(Difference(ours[i], theirs[i]!), 0, PixelTolerance);
        }

        Assert.All(Enumerable.Range(5, 3), wrong => Assert.True(Difference(ours[1], theirs[wrong]!) > 3 * PixelTolerance));
        Assert.All(Enumerable.Range(3, 2), other => Assert.True(Difference(ours[1], theirs[other]!) > 3 * PixelTolerance));
    }

    [Fact]
    public async Task The_import_takes_both_encoders_and_the_pipelines_guidance()
    {
        var source = XlFolder.Write(_folder.File("source"));

        var installed = await ModelImport.RunAsync(source, "xl", _folder.File("models"), new(), null, CancellationToken.None);

        var files = installed.Manifest.Files.Select(file => file.Name).ToArray();
        Assert.Contains("text_encoder_2/model.onnx", files);
        Assert.Contains("tokenizer_2/merges.txt", files);
        Assert.Equal((50, 5), (ModelDrawing.Of(installed.Manifest)!.Steps, ModelDrawing.Of(installed.Manifest)!.Guidance));
    }

    [Fact]
    public void Zeros_take_the_place_of_an_empty_text_unless_the_index_says_no()
    {
        var source = XlFolder.Write(_folder.File("source"));
        var index = Path.Combine(source, "model_index.json");

        Assert.True(DiffusionLayout.Read(source).ZeroUnguided);
        XlFolder.Change(index, "force_zeros_for_empty_prompt", null);
        Assert.True(DiffusionLayout.Read(source).ZeroUnguided);
        XlFolder.Change(index, "force_zeros_for_empty_prompt", "false");
        Assert.False(DiffusionLayout.Read(source).ZeroUnguided);
    }

    [Theory]
    [InlineData("unet/config.json", "addition_embed_type", "\"image\"", "addition_embed_type")]
    [InlineData("tokenizer_2/tokenizer_config.json", "tokenizer_class", "\"T5Tokenizer\"", "T5Tokenizer")]
    [InlineData("model_index.json", "_class_name", "\"StableDiffusionPipeline\"", "text_encoder_2")]
    [InlineData("model_index.json", "_class_name", "\"StableDiffusionXLInpaintPipeline\"", "StableDiffusionXLInpaintPipeline")]
    [InlineData("model_index.json", "image_encoder", "[\"transformers\",\"CLIPVisionModelWithProjection\"]", "image_encoder")]
    public async Task What_is_not_supported_is_refused_by_name(string file, string member, string value, string named)
    {
        var source = XlFolder.Write(_folder.File("source"));
        XlFolder.Change(Path.Combine(source, file), member, value);

        var refusal = await Assert.ThrowsAsync<ModelImportException>(
            () => ModelImport.RunAsync(source, "xl", _folder.File("models"), new(), null, CancellationToken.None));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_encoder_without_its_hidden_states_is_refused()
    {
        var source = XlFolder.Write(_folder.File("source"));
        var encoder = Path.Combine(source, "text_encoder", "model.onnx");
        File.Delete(encoder);
        File.Copy(Path.Combine(Diffusion.PainterFiles.Root, "text_encoder", "model.onnx"), encoder);

        var refusal = Assert.Throws<ModelImportException>(() => Painter.Open(source, new SessionFactory(ExecutionProvider.Cpu, 1)));

        Assert.Contains("hidden states", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static JsonArray Ids(int[] text, int padding) =>
        [.. text.Concat(Enumerable.Repeat(padding, XlFolder.Tokens - text.Length)).Select(id => (JsonNode)id)];

    private static JsonObject Case(int width, int height)
    {
        var latents = new float[4 * (height / XlFolder.Factor) * (width / XlFolder.Factor)];
        new PictureNoise(Seed, picture: 0).Draw(0, latents);
        return new JsonObject
        {
            ["ids"] = Ids(House, 778),
            ["secondIds"] = Ids(House, 0),
            ["unguided"] = "zeros",
            ["latents"] = new JsonArray([.. latents.Select(value => (JsonNode)value)]),
            ["height"] = height,
            ["width"] = width,
            ["steps"] = Steps,
            ["guidance"] = Guidance,
        };
    }

    private static JsonObject Changed(JsonObject drawing, string member, JsonNode? value)
    {
        var changed = drawing.DeepClone().AsObject();
        changed[member] = value;
        return changed;
    }

    private static async Task<byte[]> DrawAsync(HttpClient gateway, int width, int height, string? negative, double guidance = Guidance)
    {
        var body = new JsonObject
        {
            ["model"] = "xl",
            ["prompt"] = "A red house on green grass",
            ["size"] = $"{width}x{height}",
            ["steps"] = Steps,
            ["guidance"] = guidance,
            ["seed"] = Seed,
            ["negative_prompt"] = negative,
        };
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/images/generations")
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, Guid.NewGuid().ToString("N"));
        using var response = await gateway.SendAsync(message);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var bitmap = SKBitmap.Decode(PainterFixture.Files(JsonNode.Parse(text)!)[0]);
        Assert.Equal((width, height), (bitmap.Width, bitmap.Height));
        return [.. bitmap.Pixels.SelectMany(pixel => (byte[])[pixel.Red, pixel.Green, pixel.Blue])];
    }

    private static int Difference(byte[] ours, JsonNode theirs) =>
        ours.Zip(theirs.AsArray(), (pixel, wanted) => Math.Abs(pixel - (int)wanted!)).Max();
}
