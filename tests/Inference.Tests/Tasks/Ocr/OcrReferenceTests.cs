using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Ocr;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Ocr;

/// <summary>PP-OCRv4 on the shared pictures, beside what was written on them, RapidOCR's readings, and the graphs in
/// onnxruntime-node.</summary>
public sealed class OcrReferenceTests(OcrReader reader) : IClassFixture<OcrReader>
{
    [SharedFact(TextPictures.Folder)]
    public async Task Every_letter_of_the_shared_pictures_is_read_line_by_line()
    {
        foreach (var reference in TextPictures.References)
        {
            var name = (string)reference!["picture"]!;

            var lines = await reader.ReadAsync(TextPictures.Bytes(name));

            Assert.Equal(TextPictures.Written(name).Select(TextPictures.Letters), lines.Select(line => TextPictures.Letters(line.Text)));
            Assert.All(lines, line => Assert.InRange(line.Confidence, 0.9, 1));
            Assert.All(lines, line => Assert.Equal(0, line.Unread));
        }
    }

    [SharedFact(TextPictures.Folder)]
    public async Task Words_are_parted_by_spaces_also_where_the_recognizer_misses_one()
    {
        foreach (var name in (string[])["invoice.png", "sign.png", "tilted.png"])
        {
            var lines = await reader.ReadAsync(TextPictures.Bytes(name));

            Assert.Equal(TextPictures.Written(name), lines.Select(line => line.Text));
            Assert.All(lines, line => Assert.Equal(line.Text, string.Join(' ', line.Words.Select(word => word.Text))));
        }
    }

    [SharedFact(TextPictures.Folder)]
    public async Task Lines_lie_where_the_independent_runner_found_their_text()
    {
        foreach (var reference in TextPictures.References)
        {
            var lines = await reader.ReadAsync(TextPictures.Bytes((string)reference!["picture"]!));

            foreach (var read in reference["read"]!.AsArray())
            {
                var corners = read!["polygon"]!.AsArray().Select(at => new TextPoint((double)at![0]!, (double)at[1]!)).ToList();
                var middle = corners.Aggregate((sum, corner) => sum + corner) * 0.25;
                var line = lines.Single(line => line.Quad.Contains(middle));
                Assert.Contains(
                    TextPictures.Letters((string)read["text"]!), TextPictures.Letters(line.Text), StringComparison.Ordinal);
                Assert.All(corners, corner => Assert.True(line.Quad.Grow(10).Contains(corner), $"{corner} is not in {line.Quad}."));
            }
        }
    }

    [SharedFact(TextPictures.Folder)]
    public async Task Words_lie_in_their_line_from_left_to_right()
    {
        var line = (await reader.ReadAsync(TextPictures.Bytes("tilted.png")))[0];

        Assert.Equal(["The", "quick", "brown", "fox"], line.Words.Select(word => word.Text));
        Assert.All(line.Words, word => Assert.InRange(word.Confidence, 0.9, 1));
        Assert.All(line.Words.SelectMany(word => word.Quad.Corners), corner => Assert.True(line.Quad.Grow(0.01).Contains(corner)));
        Assert.All(line.Words.Zip(line.Words.Skip(1)), pair => Assert.True(pair.First.Quad.Second.X <= pair.Second.Quad.First.X + 0.01));
        Assert.InRange(line.Words[3].Quad.Center.X, 300, 325); // RapidOCR has it from 284 to 336.
        Assert.InRange(line.Words[3].Quad.Center.Y, 60, 70);
    }

    [SharedFact(TextPictures.Folder)]
    public async Task The_graphs_give_the_numbers_of_onnxruntime_node()
    {
        using var options = new RunOptions();
        using var detection = Open("ch_PP-OCRv4_det_infer.onnx");
        using var recognition = Open("ch_PP-OCRv4_rec_infer.onnx");
        using var direction = Open("ch_ppocr_mobile_v2.0_cls_infer.onnx");
        var (detector, dictionary) = (new TextDetector(detection), OcrDictionary.Read(File.ReadAllBytes(Dictionary)));
        var recognizer = new TextRecognizer(recognition, dictionary, 48);
        var file = TextPictures.Bytes("sign.png");
        using var picture = PictureDecoder.Decode(file, OcrReader.Input(file).Header)!;

        var searched = TextDetector.MakeTensor(picture, (picture.Width, picture.Height));
        var map = detector.Run(searched, 224, 480, options);
        var lines = FoundLine.Cut(picture, detector.Find(picture, 10, options), 48).Select(line => line.Crop).ToList();
        var padded = recognizer.PaddedWidthOf(lines[1]);
        var tensor = recognizer.MakeTensor([lines[1]], padded);
        var scores = recognizer.Run(tensor, 1, padded, options);

        await AssertSameAsync("ch_PP-OCRv4_det_infer.onnx", searched, [1, 3, 224, 480], map);
        await AssertSameAsync("ch_PP-OCRv4_rec_infer.onnx", tensor, [1, 3, 48, padded], scores);
        Assert.Equal("Staffonlyafter18:00", TextPictures.Letters(dictionary.Decode(scores, 1).Text));
        Assert.InRange(map.Max(), 0.9f, 1f);
        var turned = new DirectionClassifier(direction).Classify([lines[1], lines[1].Turn(2)], options);
        Assert.InRange(turned[0], 0, 0.1f);
        Assert.InRange(turned[1], 0.9f, 1);
    }

    private static string Dictionary => TextPictures.ModelFile("ppocr_keys_v1.txt");

    private static InferenceSession Open(string graph) => new SessionFactory(ExecutionProvider.Cpu).Open(TextPictures.ModelFile(graph));

    private static async Task AssertSameAsync(string graph, float[] tensor, int[] shape, float[] given)
    {
        var result = await NodeOracle.RunAsync("Tasks/Ocr/run.mjs", new JsonObject
        {
            ["model"] = TextPictures.ModelFile(graph),
            ["shape"] = new JsonArray([.. shape.Select(side => (JsonNode)side)]),
            ["numbers"] = Convert.ToBase64String(MemoryMarshal.AsBytes<float>(tensor)),
        });
        var expected = MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)result["numbers"]!)).ToArray();
        Assert.Equal(expected.Length, given.Length);
        Assert.InRange(expected.Zip(given, (one, other) => Math.Abs(one - other)).Max(), 0, 1e-4f);
    }
}
